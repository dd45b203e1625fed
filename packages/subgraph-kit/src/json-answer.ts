import type { FastifyReply } from 'fastify';
import { compress, preferredCoding } from './content-coding.ts';

/** Characters from which an answer is worth compressing: below, its time on the wire is that of a packet or two. */
const leastCompressed = 16 * 1024;

const contentType = 'application/json; charset=utf-8';

/** Answers with `body` as JSON, which is written here and nowhere else; a long one compressed, where the request says that it may be. */
export async function answerJson(reply: FastifyReply, status: number, body: object): Promise<FastifyReply> {
  const json = JSON.stringify(body);
  reply.code(status).header('content-type', contentType);
  const accepted = reply.request.headers['accept-encoding'];
  if (accepted === undefined || json.length < leastCompressed) return await reply.send(json);
  const coding = preferredCoding(accepted);
  reply.header('vary', 'accept-encoding');
  if (!coding) return await reply.send(json);
  return await reply.header('content-encoding', coding).send(await compress(Buffer.from(json), coding));
}

import { faultMessage, type Logger } from '@tenantry/service';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';

/** Answers what never becomes a GraphQL request, in the shape of a GraphQL error. */
export function answerHttpErrors(server: FastifyInstance, logger: Logger): void {
  server.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const status = statusOf(error);
    if (status < 500) return await refuse(reply, status, codeOf(error), error.message);
    logger.error({ err: error, requestId: request.id }, 'a request failed');
    return await refuse(reply, status, 'INTERNAL_SERVER_ERROR', faultMessage, { requestId: request.id });
  });
  server.setNotFoundHandler(async (request, reply) => {
    await refuse(
      reply,
      404,
      'NOT_FOUND',
      `There is nothing at ${request.method} ${request.url.split('?')[0]}; GraphQL is at POST /graphql.`,
    );
  });
}

/** `ERR_INVALID_URL`: the Host header does not make one. */
function statusOf({ statusCode, code }: FastifyError): number {
  return code === 'ERR_INVALID_URL' ? 400 : (statusCode ?? 500);
}

function codeOf({ code }: FastifyError): string {
  return code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'OPERATION_TOO_COMPLEX' : 'BAD_REQUEST';
}

async function refuse(reply: FastifyReply, status: number, code: string, message: string, extensions: object = {}): Promise<void> {
  await reply.code(status).send({ errors: [{ message, extensions: { code, ...extensions } }] });
}

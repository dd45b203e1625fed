import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { startFauxqs } from 'fauxqs';
import { createTestFolder } from './databases.ts';

/** A server on 127.0.0.1 that speaks S3's protocol and keeps objects in files, with one bucket. It does not check signatures. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  /** What this process's servers were asked, such as `PUT /bucket/key?partNumber=1`. */
  readonly requests: string[];
}

/** Where the AWS SDK finds its credentials. */
export const s3Credentials = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };

const requestsChannel = 'http.server.request.start';

export async function startS3Server(): Promise<S3Server> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTestFolder());
  const bucket = 'backups';
  const server = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false, s3StorageDir: folder.path, init: { buckets: [bucket] } });
  cleanup.defer(async () => await server.stop());
  const requests: string[] = [];
  const record = (message: unknown) => void requests.push(describeRequest(message));
  subscribe(requestsChannel, record);
  cleanup.defer(() => void unsubscribe(requestsChannel, record));
  const opened = cleanup.move();
  return { endpoint: `http://127.0.0.1:${server.port}`, bucket, requests, [Symbol.asyncDispose]: async () => await opened.disposeAsync() };
}

function describeRequest(message: unknown): string {
  if (typeof message !== 'object' || message === null || !('request' in message)) return '';
  const { request } = message;
  if (typeof request !== 'object' || request === null || !('method' in request && 'url' in request)) return '';
  return `${String(request.method)} ${String(request.url)}`;
}

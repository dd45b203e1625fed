import { Readable } from 'node:stream';
import type { FormattedExecutionResult } from 'graphql';

export interface EventStreamOptions {
  /** Milliseconds between signs of life, by which proxies know that the connection is in use. Default 12000. */
  readonly heartbeatMs?: number;
  /** Milliseconds after which a reader who takes nothing is cut off. Default 30000. */
  readonly stallMs?: number;
}

const defaultHeartbeatMs = 12_000;
const defaultStallMs = 30_000;

/** A comment, which readers pass over (HTML Standard §9.2.6). */
const heartbeat = ':\n\n';
const complete = 'event: complete\ndata:\n\n';

/**
 * Results as GraphQL over Server-Sent Events has them, in "distinct connections mode": an event `next` for each, then `complete`. A
 * result is taken only when there is room for it, so that a slow reader holds its operation back. Where the results end with an error,
 * so does the stream, without `complete`: the reader finds the connection lost.
 */
export function eventStream(results: AsyncIterator<FormattedExecutionResult>, options: EventStreamOptions = {}): Readable {
  const { heartbeatMs = defaultHeartbeatMs, stallMs = defaultStallMs } = options;
  let isTaking = false;
  let lastReadAt = performance.now();

  const take = async (): Promise<void> => {
    const { done, value } = await results.next();
    isTaking = false;
    if (!done) return void stream.push(`event: next\ndata: ${JSON.stringify(value)}\n\n`);
    stream.push(complete);
    stream.push(null);
  };
  const stream = new Readable({
    // A comment at once: some browsers and proxies hold the head back until there is a body.
    construct: (ready) => {
      stream.push(heartbeat);
      ready();
    },
    read: () => {
      lastReadAt = performance.now();
      if (isTaking) return;
      isTaking = true;
      take().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))));
    },
    destroy: (error, destroyed) => {
      clearInterval(beating);
      abandon(results);
      destroyed(error);
    },
  });
  const beating = setInterval(() => {
    if (stream.readableLength === 0) stream.push(heartbeat);
    else if (performance.now() - lastReadAt >= stallMs) stream.destroy(new Error(`The reader took nothing for ${stallMs} ms.`));
  }, heartbeatMs).unref();
  return stream;
}

/** A result that is on its way is not waited for. */
function abandon(results: AsyncIterator<unknown>): void {
  results.return?.().catch(() => {});
}

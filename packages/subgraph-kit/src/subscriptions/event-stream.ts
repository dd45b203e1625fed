import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { SubgraphSubscription } from './result-stream.ts';

export interface EventStreamOptions {
  /** Milliseconds between signs of life. Default 10000. */
  heartbeatMs?: number;
  /** Milliseconds after which a reader who takes nothing is cut off. Default 30000. */
  stallMs?: number;
}

const defaultHeartbeatMs = 10_000;
const defaultStallMs = 30_000;

/** A comment, which readers pass over. */
const heartbeat = ':\n\n';

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Proxies such as nginx would else gather what is small.
  'x-accel-buffering': 'no',
};

/**
 * Sends a subscription's results as GraphQL over Server-Sent Events has it ("distinct connections mode"): an event `next` for each of
 * them, then `complete`. The head is sent once the subscription was let in or refused. No result is asked for before the one before
 * it has gone out, so that a slow reader holds back the subscription and no results pile up.
 *
 * @throws what iterating does
 */
export async function sendEvents(response: ServerResponse, results: SubgraphSubscription, options: EventStreamOptions = {}): Promise<void> {
  const { heartbeatMs = defaultHeartbeatMs, stallMs = defaultStallMs } = options;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  await results.established;
  response.writeHead(200, headers);
  response.flushHeaders();
  const beating = setInterval(() => {
    if (!gone.signal.aborted && !response.writableNeedDrain) response.write(heartbeat);
  }, heartbeatMs).unref();
  try {
    for await (const result of results) await write(response, nextEvent(result), { gone: gone.signal, stallMs });
    response.end('event: complete\ndata:\n\n');
  } finally {
    clearInterval(beating);
  }
}

function nextEvent(result: ExecutionResult): string {
  // JSON holds no line break, so that one line of data is enough.
  return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
}

async function write(response: ServerResponse, event: string, { gone, stallMs }: { gone: AbortSignal; stallMs: number }): Promise<void> {
  if (gone.aborted || response.write(event)) return;
  const stalled = setTimeout(() => response.destroy(), stallMs);
  try {
    await once(response, 'drain', { signal: gone });
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    clearTimeout(stalled);
  }
}

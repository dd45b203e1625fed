import { createHistogram } from 'node:perf_hooks';
import { Client, type Dispatcher } from 'undici';
import { WrongAnswerError } from '../errors.ts';
import { seededRandom } from '../random.ts';
import type { BenchRequest } from './workloads/workload.ts';

export interface LoadOptions {
  /** Where operations go. */
  url: string;
  requests: readonly BenchRequest[];
  tokens: readonly string[];
  /** Connections, each of which has one request in flight at all times. */
  connections: number;
  seed: number;
  /** Is shown one answer of many. Throws when it is wrong. */
  check: (request: BenchRequest, body: string, token: string) => void;
  signal: AbortSignal;
}

export interface LoadReport {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

/** Clients that ask as fast as they are answered, on connections that stay open. */
export interface Load extends AsyncDisposable {
  /** Asks for each answer once and looks at it. @throws {WrongAnswerError} */
  checkAll(): Promise<void>;
  /** @throws {WrongAnswerError} when a request fails, or an answer is wrong */
  run(durationMs: number): Promise<LoadReport>;
}

/** Of so many answers, one is looked at in whole; of the others, the status. */
const answersPerCheck = 97;
/** Milliseconds after which whoever does not answer is taken to have failed. */
const timeoutMs = 30_000;
const microsecondsOfAMillisecond = 1000;

export function openLoad({ url, requests, tokens, connections, seed, check, signal }: LoadOptions): Load {
  const { origin, pathname: path } = new URL(url);
  const random = seededRandom(seed);
  const draw = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] ?? missing();
  const prepared = requests.map((request) => ({ request, body: JSON.stringify(request) }));
  const callers = tokens.map((token) => {
    return { token, headers: ['content-type', 'application/json', 'accept', 'application/json', 'authorization', `Bearer ${token}`] };
  });
  const clients = Array.from({ length: connections }, () => new Client(origin, { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }));
  let sent = 0;

  async function run(durationMs: number): Promise<LoadReport> {
    const latency = createHistogram();
    const start = performance.now();
    const ask = async (client: Client) => {
      for (let begun = performance.now(); begun - start < durationMs;) {
        signal.throwIfAborted();
        sent += 1;
        const { request, body } = draw(prepared);
        const { token, headers } = draw(callers);
        const isChecked = sent % answersPerCheck === 0;
        const answer = await exchange(client, { method: 'POST', path, headers, body }, isChecked);
        if (isChecked) check(request, answer, token);
        const ended = performance.now();
        latency.record(Math.max(1, Math.round((ended - begun) * microsecondsOfAMillisecond)));
        begun = ended;
      }
    };
    await Promise.all(clients.map(ask));
    const percentile = (percent: number) => latency.percentile(percent) / microsecondsOfAMillisecond;
    return {
      requests: latency.count,
      seconds: (performance.now() - start) / 1000,
      p50Ms: percentile(50),
      p99Ms: percentile(99),
    };
  }

  async function checkAll(): Promise<void> {
    const left = prepared.values();
    const ask = async (client: Client) => {
      // One iterator for all: each takes the next that nobody has taken.
      for (const { request, body } of left) {
        signal.throwIfAborted();
        const { token, headers } = draw(callers);
        check(request, await exchange(client, { method: 'POST', path, headers, body }, true), token);
      }
    };
    await Promise.all(clients.map(ask));
  }

  return {
    checkAll,
    run,
    [Symbol.asyncDispose]: async () => void (await Promise.all(clients.map(async (client) => await client.destroy()))),
  };
}

/** By undici's lowest level, so that whoever asks takes as little of the machine as can be. */
async function exchange(client: Client, options: Dispatcher.DispatchOptions, isBodyKept: boolean): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let status = 0;
  client.dispatch(options, {
    onRequestStart: () => {},
    onResponseStart: (_controller, statusCode) => void (status = statusCode),
    onResponseData: (_controller, chunk) => void ((isBodyKept || status !== 200) && chunks.push(chunk)),
    onResponseEnd: () => {
      const body = Buffer.concat(chunks).toString();
      if (status === 200) resolve(body);
      else reject(new WrongAnswerError(`An answer has the status ${status}: ${body.slice(0, 500)}`));
    },
    onResponseError: (_controller, error) => reject(error),
  });
  return await promise;
}

function missing(): never {
  throw new RangeError('There is nothing to ask for, or nobody to ask as.');
}

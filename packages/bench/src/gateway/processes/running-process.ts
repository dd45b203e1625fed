import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { ProcessEndedError } from '../../errors.ts';
import { reportSchema, type ProcessUsage, type Report } from './messages.ts';

export interface ProcessOptions {
  /** How errors call it. */
  name: string;
  /** The module that it runs. */
  file: string;
  args?: readonly string[];
  /** Beside those of this process. */
  env?: Readonly<Record<string, string>>;
  /** Where it runs. Default: here. */
  directory?: string;
}

/** A process that is measured from outside. */
export interface RunningProcess extends AsyncDisposable {
  /** @throws {ProcessEndedError} */
  usage(): Promise<ProcessUsage>;
  /** The next report of that kind. @throws {ProcessEndedError} */
  next<Kind extends Report['kind']>(kind: Kind): Promise<Extract<Report, { kind: Kind }>>;
  /** The last that it has written. */
  output(): string;
  /** Gives the process an order. */
  send(order: object): void;
}

/** Milliseconds that a process gets to end by itself. */
const stopMs = 5000;

/** Characters of its output that are kept to explain its end. */
const keptOutput = 4000;

/** Starts a Node process as in production, but for the probe in it. */
export function startProcess({ name, file, args = [], env = {}, directory }: ProcessOptions): RunningProcess {
  const child = fork(file, [...args], {
    execArgv: ['--import', new URL('probe.ts', import.meta.url).href],
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(directory !== undefined && { cwd: directory }),
  });
  const output = keepOutput(child.stdout, child.stderr);
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new ProcessEndedError(`${name} has ended with ${String(signal ?? code)}. Its last words:\n${output()}`);
  });
  // Whoever asks the process something hears of its end.
  ended.catch(() => {});
  const next: RunningProcess['next'] = async (kind) => await Promise.race([nextReport(child, kind), ended]);
  // Of an end, `next` tells.
  const send = (order: object) => void (child.connected && child.send(order, () => {}));
  return {
    next,
    output,
    send,
    usage: async () => {
      send({ kind: 'usage' });
      return await next('usage');
    },
    [Symbol.asyncDispose]: async () => await stop(child, ended),
  };
}

async function nextReport<Kind extends Report['kind']>(child: ChildProcess, kind: Kind): Promise<Extract<Report, { kind: Kind }>> {
  const { promise, resolve } = Promise.withResolvers<Extract<Report, { kind: Kind }>>();
  const listener = (message: unknown) => {
    const { data: report } = reportSchema.safeParse(message);
    if (report && isOfKind(report, kind)) resolve(report);
  };
  child.on('message', listener);
  try {
    return await promise;
  } finally {
    child.off('message', listener);
  }
}

function isOfKind<Kind extends Report['kind']>(report: Report, kind: Kind): report is Extract<Report, { kind: Kind }> {
  return report.kind === kind;
}

async function stop(child: ChildProcess, ended: Promise<never>): Promise<void> {
  const end = ended.catch(() => {});
  child.kill('SIGTERM');
  await Promise.race([end, sleep(stopMs, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await end;
}

function keepOutput(...streams: (Readable | null)[]): () => string {
  let text = '';
  for (const stream of streams) stream?.setEncoding('utf8').on('data', (chunk) => (text = `${text}${chunk}`.slice(-keptOutput)));
  return () => text;
}

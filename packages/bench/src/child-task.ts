import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { z } from 'zod';
import { ChildTaskError } from './errors.ts';
import { answerSchema, type Answer } from './child-protocol.ts';

/** Tells how far the task is, for whoever watches the run. */
type Report = (text: string) => void;

export interface ChildTaskOptions<Input, Output> {
  /** `import.meta.url` of the module that exports the task. */
  module: string;
  /** The name by which it is exported. */
  name: string;
  input: z.ZodType<Input>;
  output: z.ZodType<Output>;
  run: (input: Input, report: Report) => Promise<Output>;
}

interface ChildTaskCall {
  signal?: AbortSignal;
  onReport?: Report;
}

/** Work that is measured in a process of its own, whose memory and caches nobody else touches. */
export interface ChildTask<Input, Output> {
  /**
   * Runs the task in a new process, which ends with it.
   *
   * @throws {ChildTaskError} when it fails, or its process dies
   */
  call(input: Input, options?: ChildTaskCall): Promise<Output>;
  /** Runs the task in this process: for the child. */
  runHere(input: unknown, report: Report): Promise<Output>;
}

export type OutputOf<Task extends { call: (...parameters: never) => unknown }> = Awaited<ReturnType<Task['call']>>;

/** Megabytes of heap that a task may use; the same for every contender, and known to the report. */
export const childHeapMb = 4096;

/** Some libraries do more checks otherwise: graphql-js takes a third longer. */
const env = { ...process.env, NODE_ENV: 'production' };

const execArgv = ['--expose-gc', `--max-old-space-size=${childHeapMb}`];

export function childTask<Input, Output>(options: ChildTaskOptions<Input, Output>): ChildTask<Input, Output> {
  const { module, name, input, output, run } = options;
  return {
    call: async (value, { signal, onReport } = {}) => {
      signal?.throwIfAborted();
      const child = fork(new URL('child.ts', import.meta.url), { execArgv, env, stdio: ['ignore', 2, 2, 'ipc'] });
      using _kill = killedWhenOver(child, signal);
      child.send({ module, name, input: value });
      try {
        return output.parse(await resultOf(child, name, onReport));
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
    runHere: async (value, report) => await run(input.parse(value), report),
  };
}

function killedWhenOver(child: ChildProcess, signal: AbortSignal | undefined): Disposable {
  const kill = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  return {
    [Symbol.dispose]: () => {
      signal?.removeEventListener('abort', kill);
      kill();
    },
  };
}

async function resultOf(child: ChildProcess, name: string, onReport: Report | undefined): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  child.on('message', (message) => {
    const answer = answerSchema.parse(message);
    if (answer.kind === 'report') onReport?.(answer.text);
    else resolve(answer);
  });
  const ended = once(child, 'exit').then(([code, signal]): Answer => {
    return { kind: 'failure', message: `its process ended with ${String(signal ?? code)} before it had a result` };
  });
  const answer = await Promise.race([promise, ended]);
  if (answer.kind === 'result') return answer.output;
  throw new ChildTaskError(`${name}: ${answer.kind === 'failure' ? answer.message : 'no result'}`);
}

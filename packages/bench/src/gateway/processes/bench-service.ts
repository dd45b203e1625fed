import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { ProcessEndedError } from '../../errors.ts';
import { startGroup, type RunningGroup } from './running-group.ts';
import { startProcess } from './running-process.ts';

/** A server that runs; disposing of it stops it. */
export interface Served extends AsyncDisposable {
  readonly url: string;
}

export interface BenchServiceOptions<Input> {
  /** `import.meta.url` of the module that exports the service. */
  module: string;
  /** The name by which it is exported. */
  name: string;
  input: z.ZodType<Input>;
  serve: (input: Input) => Promise<Served>;
}

/** A server that is measured in a process of its own. */
export interface BenchService<Input> {
  /** Starts it in a new process. @throws {ProcessEndedError} when it cannot start */
  start(input: Input): Promise<RunningGroup>;
  /** Serves in this process: for the host. */
  serveHere(input: unknown): Promise<Served>;
}

export function defineService<Input>({ module, name, input, serve }: BenchServiceOptions<Input>): BenchService<Input> {
  return {
    start: async (value) =>
      await startGroup(async (started) => {
        const running = started.use(startProcess({ name, file: fileURLToPath(new URL('host.ts', import.meta.url)) }));
        running.send({ kind: 'start', module, name, input: value });
        const report = await Promise.race([running.next('ready'), running.next('failure')]);
        if (report.kind === 'failure') throw new ProcessEndedError(`${name} could not start: ${report.message}`);
        return { url: report.url, processes: [running] };
      }),
    serveHere: async (value) => await serve(input.parse(value)),
  };
}

import { PassThrough, Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { Environment } from '@tenantry/service';
import { run } from '../run.ts';
import type { Output } from '../terminal.ts';

export interface CommandRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly environment?: Environment;
  readonly workingDirectory?: string;
  /** Width of the terminal that the command runs on. Default: it runs on none. */
  readonly columns?: number;
  /** What is typed, once it is asked for. */
  readonly typed?: string;
}

/** Runs a command line in this process. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandRun> {
  const { environment = {}, workingDirectory = '/', columns, typed } = options;
  const [stdout, stderr] = [new CapturedOutput(columns), new CapturedOutput(columns)];
  const stdin = Object.assign(new PassThrough(), { isTTY: columns !== undefined });
  stderr.on('write', () => {
    if (typed !== undefined && !stdin.writableEnded && stderr.text.includes('to go on:')) stdin.end(typed);
  });
  const status = await run(args, { stdin, stdout, stderr, environment, workingDirectory });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** As {@link runCommand}, of a command that has to succeed. @returns the JSON documents that it prints, one a line */
export async function runForJson(args: readonly string[], options?: CommandOptions): Promise<unknown[]> {
  const result = await runCommand([...args, '--json'], options);
  if (result.status !== 0) throw new Error(`tenantry ${args.join(' ')} failed: ${inspect(result)}`);
  const lines = result.stdout.trimEnd();
  return lines.startsWith('{\n') ? [JSON.parse(lines)] : lines.split('\n').map((line): unknown => JSON.parse(line));
}

class CapturedOutput extends Writable implements Output {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(columns: number | undefined) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    this.emit('write');
    done();
  }
}

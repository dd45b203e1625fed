import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Environment } from '@tenantry/service';

/** Where text goes: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width in characters; absent when it is no terminal. */
  readonly columns?: number;
}

/** What a command sees of the world around it. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output & Writable;
  readonly environment: Environment;
  readonly workingDirectory: string;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env: environment } = process;
  return { stdin, stdout, stderr, environment, workingDirectory: process.cwd() };
}

type Format = Parameters<typeof styleText>[0];

/** Colours `text`, where that is wanted: on a terminal that can, unless `NO_COLOR` is set (no-color.org). */
export function paint(format: Format, text: string, output: Output, environment: Environment): string {
  return isColourful(output, environment) ? styleText(format, text, { validateStream: false }) : text;
}

export function isColourful({ isTTY = false }: Output, { NO_COLOR, TERM }: Environment): boolean {
  return isTTY && !NO_COLOR && TERM !== 'dumb';
}

import { describeError, StartError, TenantryError, type ErrorDescription } from '@tenantry/service';
import { CommandError } from '../errors.ts';

export interface Explanation {
  /** For scripts: a code of the API's errors, or the name of the error. */
  readonly code: string;
  /** For people, in a line unless it is a list. */
  readonly message: string;
}

/** Says what went wrong, and why as far as the error knows. */
export function explain(thrown: unknown): Explanation {
  if (thrown instanceof TenantryError) return { code: thrown.code, message: thrown.message };
  if (thrown instanceof StartError || thrown instanceof CommandError) return { code: thrown.name, message: thrown.message };
  const chain = causes(describeError(thrown));
  return { code: chain[0]?.type ?? 'Error', message: unique(chain.map(({ message }) => inOneLine(message))).join(' ') };
}

/** The whole of an error, with its causes and where each was thrown. */
export function dissect(thrown: unknown): string {
  return causes(describeError(thrown))
    .map(({ stack, type, message }) => stack ?? `${type}: ${message}`)
    .join('\ncaused by ');
}

function causes(description: ErrorDescription): ErrorDescription[] {
  const { cause, errors = [] } = description;
  return [description, ...(cause ? causes(cause) : []), ...errors.flatMap(causes)];
}

/** Prisma's messages begin with the call that failed; what the database said of it comes last. */
function inOneLine(message: string): string {
  const said = /^\s*Invalid `[^`]*` invocation/.test(message) ? message.slice(message.lastIndexOf('\n\n')) : message;
  const line = said.replaceAll(/\s+/g, ' ').trim();
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}

function unique(messages: readonly string[]): string[] {
  return [...new Set(messages)].filter((message) => message !== '.');
}

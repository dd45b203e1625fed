import { TenantryError } from '@tenantry/service';
import { exitStatusOf } from '../exit-status.ts';
import type { Session } from '../session.ts';
import { paint } from '../terminal.ts';
import { dissect, explain } from './explain-error.ts';
import { printableLines } from './printable.ts';

/** Says on standard error what went wrong, in a line or as JSON; the whole error, too, with `--verbose`. */
export function reportError(thrown: unknown, { terminal: { stderr, environment }, options }: Session): void {
  const { message, code } = explain(thrown);
  if (options.json) {
    const retryAfterMs = thrown instanceof TenantryError ? thrown.retryAfterMs : undefined;
    const error = { code, message, exitStatus: exitStatusOf(thrown), ...(retryAfterMs !== undefined && { retryAfterMs }) };
    stderr.write(`${JSON.stringify({ error })}\n`);
  } else {
    stderr.write(`${paint(['red', 'bold'], 'error:', stderr, environment)} ${printableLines(message)}\n`);
  }
  if (options.verbose) stderr.write(`${printableLines(dissect(thrown))}\n`);
}

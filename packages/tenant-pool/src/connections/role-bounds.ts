import { callbackify } from 'node:util';
import { abandonable } from '@tenantry/service';
import type { ClientBase, PoolConfig } from 'pg';
import { UnboundedRoleError } from '../errors.ts';

/**
 * Makes sure, on the first connection of a pool, that the tenant's role has time-outs of its own. It is the first statement, too, that a
 * pooler has to find a server for: signing in with the pooler says little of what is behind it.
 *
 * @param deadlineMs that the answer may take
 */
export function onceBounded(deadlineMs: number): NonNullable<PoolConfig['verify']> {
  let isBounded = false;
  return callbackify(async (client: ClientBase) => {
    if (!isBounded) await abandonable(assertBounded(client), deadline(deadlineMs));
    isBounded = true;
  });
}

function deadline(milliseconds: number): AbortSignal {
  const late = new AbortController();
  const reason = Object.assign(new Error(`The pooler had no server's answer within ${milliseconds} ms.`), { code: 'ETIMEDOUT' });
  setTimeout(() => late.abort(reason), milliseconds).unref();
  return late.signal;
}

/** @throws {UnboundedRoleError} */
async function assertBounded(client: ClientBase): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(
    `SELECT current_setting('statement_timeout') AS statement_timeout,
            current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout`,
  );
  const missing = Object.entries(rows[0] ?? {}).flatMap(([setting, value]) => (value === '0' ? [setting] : []));
  if (missing.length > 0) throw new UnboundedRoleError(missing);
}

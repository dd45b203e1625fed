import { callbackify } from 'node:util';
import { abandonable } from '@tenantry/service';
import type { ClientBase, PoolConfig } from 'pg';
import { UnboundedRoleError } from '../errors.ts';

/** What Postgres lets a role's statements and transactions take, in milliseconds. */
export interface RoleBounds {
  readonly statementTimeoutMs: number;
  readonly idleInTransactionMs: number;
}

export interface RoleBoundsOptions {
  /** Milliseconds that the answer may take. */
  deadlineMs: number;
  /** Told of each connection, before it is used, by which bounds it is. */
  onBounded: (client: ClientBase, bounds: RoleBounds) => void;
}

/**
 * Makes sure, on the first connection of a pool, that the tenant's role has time-outs of its own. It is the first statement, too, that a
 * pooler has to find a server for: signing in with the pooler says little of what is behind it. What the role is given later is seen by
 * the next pool.
 */
export function boundedByRole({ deadlineMs, onBounded }: RoleBoundsOptions): NonNullable<PoolConfig['verify']> {
  let bounds: RoleBounds | undefined;
  return callbackify(async (client: ClientBase) => {
    bounds ??= await inTime(readBounds(client), deadlineMs);
    onBounded(client, bounds);
  });
}

async function inTime<Result>(answer: Promise<Result>, deadlineMs: number): Promise<Result> {
  const late = new AbortController();
  const deadline = setTimeout(() => {
    late.abort(Object.assign(new Error(`The pooler had no server's answer within ${deadlineMs} ms.`), { code: 'ETIMEDOUT' }));
  }, deadlineMs);
  try {
    return await abandonable(answer, late.signal);
  } finally {
    clearTimeout(deadline);
  }
}

const settings = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const;

/** @throws {UnboundedRoleError} */
async function readBounds(client: ClientBase): Promise<RoleBounds> {
  const {
    rows: [row],
  } = await client.query<Record<(typeof settings)[number], number>>(`SELECT ${settings.map(inMilliseconds).join()}`);
  const missing = settings.filter((setting) => !row?.[setting]);
  if (!row || missing.length > 0) throw new UnboundedRoleError(missing);
  return { statementTimeoutMs: row.statement_timeout, idleInTransactionMs: row.idle_in_transaction_session_timeout };
}

/** Postgres shows a time in the largest unit that fits: `15s`, `2min`. */
function inMilliseconds(setting: string): string {
  return `(extract(epoch FROM current_setting('${setting}')::interval) * 1000)::int AS ${setting}`;
}

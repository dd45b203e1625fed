import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { Pool } from 'pg';
import { DuplicateDriverError } from '../errors.ts';
import { replanningAdapter } from './replanning-adapter.ts';
import { StatementNames } from './statement-names.ts';

export interface AdapterOptions {
  /**
   * Whether connections keep statements that come often prepared, under names. To be false where a session is not a client's own: a
   * pooler in transaction mode. Default false.
   */
  keepsStatements?: boolean;
}

/** @throws {DuplicateDriverError} when Prisma's adapter has another copy of `pg` than this package */
export async function assertOneDriver(): Promise<void> {
  const adapter = await adapterOver(new Pool());
  await adapter.dispose();
}

/**
 * Prisma's adapter over `pool`, which stays the caller's to end.
 *
 * @throws {DuplicateDriverError}
 */
export async function adapterOver(pool: Pool, { keepsStatements = false }: AdapterOptions = {}): Promise<SqlDriverAdapter> {
  const names = keepsStatements ? new StatementNames() : null;
  const adapter = await new PrismaPg(pool, names ? { statementNameGenerator: (query) => names.nameOf(query) } : {}).connect();
  // A pool of another copy of `pg` is taken for options, and a pool made from them.
  if (adapter.underlyingDriver() === pool) return names ? replanningAdapter(adapter, names) : adapter;
  await adapter.dispose();
  throw new DuplicateDriverError('Two copies of `pg` are loaded: @prisma/adapter-pg does not know our pool. Pin one version of pg.');
}

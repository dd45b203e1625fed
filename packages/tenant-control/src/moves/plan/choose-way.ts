import type { MoveWay } from '../move-input.ts';
import type { DatabaseFacts } from './database-facts.ts';
import type { ServerFacts } from './server-facts.ts';

export interface ChosenWay {
  readonly way: MoveWay;
  /** For people: "the server of "standard" has wal_level = replica, not logical". */
  readonly reason: string;
}

export interface Ends {
  readonly source: ServerFacts & { readonly name: string };
  readonly target: ServerFacts & { readonly name: string };
  readonly database: DatabaseFacts;
}

/** From Postgres 15 on, a subscription that fails says so. */
const oldestVersion = 150_000;

/** One connection makes the slot, and is there while the subscription's own one begins to read. */
const neededSenders = 2;
const neededWorkers = 1;

/** Replication where it is possible, since writes then are paused for a moment only; else a copy while they are paused. */
export function chooseWay(ends: Ends): ChosenWay {
  const obstacle = obstacleToReplication(ends);
  if (obstacle !== null) return { way: 'DUMP', reason: obstacle };
  return { way: 'REPLICATION', reason: 'both servers can replicate, and so can every table' };
}

/** Why there can be no logical replication; null where there can. */
export function obstacleToReplication({ source, target, database }: Ends): string | null {
  const old = [source, target].find(({ version }) => version < oldestVersion);
  if (old) return `the server of "${old.name}" is older than Postgres 15`;
  if (source.walLevel !== 'logical') return `the server of "${source.name}" has wal_level = ${source.walLevel}, not logical`;
  if (!source.maySend) return `the administrator of "${source.name}" may not make roles that replicate`;
  if (!target.maySubscribe) return `the administrator of "${target.name}" may not make subscriptions (pg_create_subscription)`;
  if (source.freeSenders < neededSenders) return `the server of "${source.name}" has too few replication slots or WAL senders free`;
  if (target.freeWorkers < neededWorkers) return `the server of "${target.name}" has too few logical replication workers free`;
  return database.obstacle;
}

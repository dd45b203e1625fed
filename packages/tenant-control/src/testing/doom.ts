import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Pooling } from '@tenantry/prisma/control';
import { sslModes } from '@tenantry/tenant-pool';
import { z } from 'zod';
import { provisionInputSchema } from '../provisioning/provision-input.ts';

const point = z.object({
  step: z.string(),
  direction: z.enum(['run', 'undo']),
  at: z.enum(['before', 'during', 'after']),
});

/** Where in a saga. */
export type SagaPoint = z.output<typeof point>;

/** Which file of the store, from 1. */
const filePoint = z.object({ deed: z.enum(['put', 'get']), nth: z.int() });

const actor = z.object({ issuer: z.string(), subject: z.string(), requestId: z.string() });

const moveInput = z.object({ cluster: z.string(), way: z.enum(['replication', 'dump']), confirm: z.boolean() });

const restoreOptions = z.object({ into: provisionInputSchema.exactOptional(), idempotencyKey: z.string().exactOptional() });

const call = z.discriminatedUnion('method', [
  z.object({ method: z.literal('provisionTenant'), input: provisionInputSchema, options: z.object({ actor, idempotencyKey: z.string() }) }),
  z.object({ method: z.literal('hibernateTenant'), id: z.string(), actor, options: z.object({ keep: z.enum(['closed', 'dropped']) }) }),
  z.object({ method: z.literal('wakeTenant'), id: z.string(), actor }),
  z.object({ method: z.literal('purgeTenant'), id: z.string(), actor }),
  z.object({ method: z.literal('eraseTenant'), id: z.string(), actor, options: z.object({ confirmSlug: z.string() }) }),
  z.object({ method: z.literal('rotateCredentials'), id: z.string(), actor, options: z.object({ atOnce: z.boolean() }) }),
  z.object({ method: z.literal('moveTenant'), id: z.string(), actor, input: moveInput }),
  z.object({ method: z.literal('backUpTenant'), id: z.string(), actor }),
  z.object({ method: z.literal('verifyBackup'), id: z.string(), actor }),
  z.object({ method: z.literal('restoreBackup'), id: z.string(), actor, options: restoreOptions }),
  z.object({ method: z.literal('confirmMove'), id: z.string(), actor }),
  z.object({ method: z.literal('revertMove'), id: z.string(), actor }),
]);

/** What a process is asked for: a method of the control plane with its arguments. */
export type DoomedCall = z.output<typeof call>;

const route = z.object({
  host: z.string(),
  port: z.number(),
  sslMode: z.enum(sslModes),
  pooling: z.enum(Pooling),
  authUser: z.string().nullable(),
});

const doom = z.object({
  controlDatabaseUrl: z.string(),
  clusters: z.array(z.object({ name: z.string(), adminUrl: z.string(), tenants: route.exactOptional() })),
  /** Ids with keys in base64. */
  keys: z.array(z.tuple([z.string(), z.string()])),
  call,
  /** Folder of the store of backups; default there is none. */
  store: z.string().exactOptional(),
  /** Where a step shall fail, for what comes then; null for nowhere. */
  fail: point.nullable(),
  /** Where the process shall be killed: at a point of a saga, or before the store writes or reads its nth file. */
  kill: z.union([point, filePoint]),
  /** Milliseconds after that point, with what comes next in flight; null for at it. */
  afterMs: z.number().nullable(),
});

/** What a process is asked to do, and where it dies. */
export type Doom = z.input<typeof doom>;

export function parseDoom(argument: string | undefined): z.output<typeof doom> {
  return doom.parse(JSON.parse(argument ?? ''));
}

/** Runs a process to its death by SIGKILL. @returns false when it ended before it got there */
export async function meetDoom(argument: Doom): Promise<boolean> {
  const worker = join(import.meta.dirname, 'doomed-worker.ts');
  const child = spawn(process.execPath, [worker, JSON.stringify(argument)], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [status, signal] = await once(child, 'exit');
  if (signal === 'SIGKILL') return true;
  if (status === 0) return false;
  throw new Error(`The doomed process ended by itself with ${status}.`);
}

/** Of the places where a process can be killed, the part that is tried each time. */
const share = 1 / 5;

/**
 * Those of the `points` that this run tries: some, others each time, since each takes seconds. All of them with `KILL_POINTS=all` in the
 * environment, as `pnpm --filter @tenantry/tenant-control kill-points` has it.
 *
 * @param most how many, at most. Default: a fifth of them
 */
export function someOf<Point>(points: readonly Point[], most = Infinity): Point[] {
  if (process.env['KILL_POINTS'] === 'all') return [...points];
  return shuffled(points).slice(0, Math.min(most, Math.ceil(points.length * share)));
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

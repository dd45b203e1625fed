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

const actor = z.object({ issuer: z.string(), subject: z.string(), requestId: z.string() });

const call = z.discriminatedUnion('method', [
  z.object({ method: z.literal('provisionTenant'), input: provisionInputSchema, options: z.object({ actor, idempotencyKey: z.string() }) }),
  z.object({ method: z.literal('hibernateTenant'), id: z.string(), actor, options: z.object({ keep: z.enum(['closed', 'dropped']) }) }),
  z.object({ method: z.literal('wakeTenant'), id: z.string(), actor }),
  z.object({ method: z.literal('purgeTenant'), id: z.string(), actor }),
  z.object({ method: z.literal('rotateCredentials'), id: z.string(), actor, options: z.object({ atOnce: z.boolean() }) }),
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
  /** Folder for backups; default none are made. */
  backups: z.string().exactOptional(),
  /** Where a step shall fail, for what comes then; null for nowhere. */
  fail: point.nullable(),
  /** Where the process shall be killed. */
  kill: point,
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
const share = 1 / 3;

/**
 * Those of the `points` that this run tries: some, others each time, since each takes seconds. All of them with `KILL_POINTS=all` in the
 * environment, as `pnpm --filter @tenantry/tenant-control kill-points` has it.
 */
export function someOf<Point>(points: readonly Point[]): Point[] {
  if (process.env['KILL_POINTS'] === 'all') return [...points];
  const chosen = points.filter(() => Math.random() < share);
  return chosen.length > 0 ? chosen : points.slice(0, 1);
}

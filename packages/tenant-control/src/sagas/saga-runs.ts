import type { PrismaClient, SagaKind, SagaState, SagaStepState } from '@tenantry/prisma/control';
import { canonicalUuid } from '@tenantry/service';
import { reportMove, type MoveReport } from '../moves/move-report.ts';

/** As which changes of runs are announced, by their ids. */
export const runTopic = 'run';

/** A change of several steps, as an operator sees it. */
export interface SagaRun {
  readonly id: string;
  readonly kind: SagaKind;
  readonly state: SagaState;
  /** There may be no such tenant any more. */
  readonly tenantId: string;
  /** Why it failed first. */
  readonly error: string | null;
  readonly createdAt: Date;
  /** Null while it is under way. */
  readonly finishedAt: Date | null;
  /** Those that were begun, in their order. */
  readonly steps: readonly SagaRunStep[];
  /** What became of it, where it is a move; else null. */
  readonly move: MoveReport | null;
}

export interface SagaRunStep {
  readonly name: string;
  readonly state: SagaStepState;
  readonly attempts: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly error: string | null;
}

const stepColumns = { name: true, state: true, attempts: true, startedAt: true, finishedAt: true, error: true } as const;

const runColumns = {
  id: true,
  kind: true,
  state: true,
  tenantId: true,
  error: true,
  createdAt: true,
  finishedAt: true,
  input: true,
  data: true,
  steps: { select: stepColumns, orderBy: { position: 'asc' } },
} as const;

export async function findRun(db: PrismaClient, runId: string): Promise<SagaRun | null> {
  const id = canonicalUuid(runId);
  const found = id === null ? null : await db.saga.findUnique({ where: { id }, select: runColumns });
  return found && describeRun(found);
}

/** The latest `limit` of each tenant, the newest first. */
export async function findLatestRuns(db: PrismaClient, tenantIds: readonly string[], limit: number): Promise<SagaRun[]> {
  const wanted = tenantIds.map(canonicalUuid).filter((id) => id !== null);
  const latest = await db.$queryRaw<{ id: string }[]>`
    SELECT latest.id FROM unnest(${wanted}::uuid[]) AS wanted (tenant_id) CROSS JOIN LATERAL (
      SELECT id FROM sagas WHERE sagas.tenant_id = wanted.tenant_id ORDER BY created_at DESC, id DESC LIMIT ${limit}) AS latest`;
  const found = await db.saga.findMany({
    where: { id: { in: latest.map(({ id }) => id) } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    select: runColumns,
  });
  return found.map(describeRun);
}

/** What else a change begins with or finds out is nobody's business. */
function describeRun({ input, data, ...run }: Omit<SagaRun, 'move'> & { input: unknown; data: unknown }): SagaRun {
  return { ...run, move: reportMove({ kind: run.kind, input, data }) };
}

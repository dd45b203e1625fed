import { Prisma, type PrismaClient, type SagaStepState } from '@tenantry/prisma/control';

/** What a step's state is now; its time is the control database's. */
export interface StepReport {
  /** Counts the steps of a saga as they were begun, from 0; the same for a step each time. */
  readonly position: number;
  readonly name: string;
  readonly state: SagaStepState;
  readonly error?: string;
}

/** The steps of a saga that were begun, by name: a later version may have put others between them. */
export type BegunSteps = ReadonlyMap<string, Pick<StepReport, 'position' | 'state'>>;

export async function readSteps(db: PrismaClient, sagaId: string): Promise<BegunSteps> {
  const steps = await db.sagaStep.findMany({ where: { sagaId }, select: { position: true, name: true, state: true } });
  return new Map(steps.map(({ name, ...step }) => [name, step]));
}

/** The first steps of a saga, all of them DONE. */
export function doneSteps(names: readonly string[]): BegunSteps {
  return new Map(names.map((name, position) => [name, { position, state: 'DONE' }]));
}

/** The position of a step that is begun next. */
export function nextPosition(begun: BegunSteps): number {
  return 1 + Math.max(-1, ...[...begun.values()].map(({ position }) => position));
}

/** @param saga a relation of one row, the saga's id; of none where nothing may be written */
export function writingSteps(steps: readonly StepReport[], saga: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO saga_steps (saga_id, position, name, state, finished_at, error)
    SELECT saga.id, step.position, step.name, step.state, CASE WHEN step.state <> 'RUNNING' THEN now() END, step.error
    FROM ${saga} AS saga, unnest(
      ${steps.map(({ position }) => position)}::int[], ${steps.map(({ name }) => name)}::text[],
      ${steps.map(({ state }) => state)}::"SagaStepState"[], ${steps.map(({ error }) => error ?? null)}::text[]
    ) AS step (position, name, state, error)
    ON CONFLICT (saga_id, position) DO UPDATE SET
      state = EXCLUDED.state, finished_at = EXCLUDED.finished_at, error = coalesce(EXCLUDED.error, saga_steps.error),
      attempts = saga_steps.attempts + CASE WHEN EXCLUDED.state = 'RUNNING' THEN 1 ELSE 0 END`;
}

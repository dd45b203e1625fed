import type { SagaKind } from '@tenantry/prisma/control';
import type { ClaimedSaga } from './claimed-saga.ts';

/**
 * One step of a saga. Both directions look before they act, so that either may be tried again after it was interrupted anywhere:
 * `run` finds its work done or half done, `undo` finds nothing to undo.
 */
export interface SagaStep<Context> {
  readonly name: string;
  /**
   * Whether it is begun while that is being stored, and not after. For one that needs no undoing, and changes nothing, or only what it finds
   * the saga held for. Default false.
   */
  readonly beginsAtOnce?: true;
  run(context: Context): Promise<void>;
  undo(context: Context): Promise<void>;
}

/** A change of several steps that is finished or undone, whatever happens to those who run it. */
export interface SagaDefinition<Context extends AsyncDisposable> {
  readonly kind: SagaKind;
  /** What the audit log calls a change that fails. Default: `tenant.` and the kind, as `tenant.wake`. */
  action?(saga: ClaimedSaga): string;
  /**
   * In the order in which they are run; undone in the reverse order. No two have one name. The same for a saga each time; a later version
   * may put others between them, which are run then although later ones are done.
   */
  steps(saga: ClaimedSaga): readonly SagaStep<Context>[];
  /**
   * Name of the step from which on nothing leads back: a failure there, or later, is tried again until it succeeds. Default: none, also
   * for a saga that has no such step.
   */
  readonly pointOfNoReturn?: string;
  /** What the steps share. Must reach no cluster: one that is down is a step's failure. */
  open(saga: ClaimedSaga, middle: ReachMiddle): Promise<Context>;
  /** Does `work`, which takes up a saga that was left, when there is room for that. Default: at once. */
  inTurn?<Result>(tenantId: string, work: () => Promise<Result>): Promise<Result>;
  /** Told that a step could not be undone for now; it is tried again later. */
  onStuck?(context: Context, step: string): Promise<void>;
}

/** To be called in the middle of a step that has one: tests may let it fail there. */
export type ReachMiddle = () => Promise<void>;

/** Where a saga is, for tests that stop it there. `during` is in the middle of a step that has one. */
export interface FaultPoint {
  readonly saga: SagaKind;
  readonly step: string;
  readonly direction: 'run' | 'undo';
  readonly at: 'before' | 'during' | 'after';
  readonly tenantId: string;
}

/** For tests: what it throws is a failure at that point. */
export type ReachFaultPoint = (point: FaultPoint) => Promise<void>;

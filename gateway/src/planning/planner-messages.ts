/** What a planner's thread is given when it starts. */
export interface PlannerThreadData {
  /** Without access rules. */
  readonly supergraphSdl: string;
}

/** What a planner's thread says: that it is ready, then one answer to each text of an operation that it is sent. */
export type PlannerMessage = { readonly kind: 'ready' } | PlannerAnswer;

export type PlannerAnswer =
  | { readonly kind: 'planned'; readonly json: string }
  /** The planner's own limits do not allow the operation. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: unknown };

import type { GraphQLError } from 'graphql';
import type { JsonObject } from './json.ts';

/** What an operation comes to, in the shape in which `@apollo/gateway` gives it. */
export interface OperationResult {
  /** Absent when nothing was executed. */
  data?: JsonObject | null;
  errors?: readonly GraphQLError[];
  /** Nulls and values that the schema forbids, where no subgraph reported an error that explains them. */
  extensions?: { readonly valueCompletion: readonly GraphQLError[] };
}

import { StartError, TenantryError } from '@tenantry/service';

/** One reason why subgraphs do not compose. */
export interface CompositionProblem {
  /** `path/schema.graphql:line:column` of every definition at fault, the first one foremost; empty where none is to blame. */
  readonly places: readonly string[];
  /** A code of Apollo Federation, such as `FIELD_TYPE_MISMATCH`. */
  readonly code: string;
  readonly message: string;
}

/** Raised when subgraphs do not make a supergraph; names every problem at once, each with its place. */
export class CompositionError extends StartError {
  readonly problems: readonly CompositionProblem[];

  constructor(problems: readonly CompositionProblem[]) {
    super(`The subgraphs do not compose:\n${problems.map(describe).join('\n')}`);
    this.problems = problems;
  }
}

function describe({ places, code, message }: CompositionProblem): string {
  const [place, ...others] = places;
  const lines = [`${place ? `${place}: ` : ''}[${code}] ${message}`, ...others.map((other) => `see also ${other}`)];
  return lines.join('\n').replaceAll(/^(?=.)/gm, '  ');
}

/** Raised when an operation is larger than the gateway's limits allow. */
export class OperationTooComplexError extends TenantryError {
  readonly code = 'OPERATION_TOO_COMPLEX';
}

/** Raised when a subgraph gives no usable answer: it is down, slow, or says what is not GraphQL. Its message is for the log only. */
export class SubgraphFetchError extends Error {
  override readonly name = 'SubgraphFetchError';
}

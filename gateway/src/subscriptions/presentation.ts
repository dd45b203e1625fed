import { TenantryError } from '@tenantry/service';
import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import { OperationRefusedError } from '../errors.ts';
import type { OperationResult } from '../execution/operation-result.ts';
import { errorsOf, logFaults, presentErrors, type FaultOrigin } from '../http/presented-errors.ts';

/** With `undefined` for what is absent. */
export type Loosely<Value> = { [Key in keyof Value]?: Value[Key] | undefined };

/** With the nulls that the schema forbids among the errors, where the specification has them. */
export function toExecutionResult(result: OperationResult): ExecutionResult {
  const { data } = result;
  const errors = errorsOf(result).flatMap(({ original = [] }) => original);
  return { ...(errors.length > 0 && { errors }), ...(data !== undefined && { data }) };
}

/** As it goes to the client; a fault goes to the log. */
export function presentResult({ data, errors }: Loosely<ExecutionResult>, origin: FaultOrigin): FormattedExecutionResult {
  return { ...(errors && { errors: present(errors, origin) }), ...(data !== undefined && { data }) };
}

/** What the client learns of an error that keeps an operation from being executed, or ends it. */
export function presentFailure(error: unknown, origin: FaultOrigin): GraphQLFormattedError[] {
  return present(toGraphQLErrors(error), origin);
}

/** Without a code, it is a fault of ours. */
export function toGraphQLErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof OperationRefusedError) return error.errors;
  if (error instanceof GraphQLError) return [error];
  if (!(error instanceof TenantryError)) return [new GraphQLError('The operation failed.', { originalError: asError(error) })];
  const { message, code, retryAfterMs } = error;
  return [new GraphQLError(message, { originalError: error, extensions: { code, ...(retryAfterMs !== undefined && { retryAfterMs }) } })];
}

function present(errors: readonly GraphQLError[], origin: FaultOrigin): GraphQLFormattedError[] {
  const shown = errors.map((original) => ({ original, formatted: original.toJSON() }));
  logFaults(shown, origin);
  return presentErrors(shown, origin.context.requestId);
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

import { parseJson } from '@tenantry/service';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import { NotGraphQLError } from '../../errors.ts';

/** Characters of an answer that an error shows. */
const shownCharacters = 200;

/**
 * Goes by what the body says, not by the status that it came with: a subgraph that refuses an operation says why in an answer
 * of status 400, 401 or 500, and the reason has to reach the caller.
 *
 * @throws {NotGraphQLError}
 */
export function parseAnswer(text: string, status: number): FormattedExecutionResult {
  const result = parseJson(text);
  if (isExecutionResult(result)) return result;
  throw new NotGraphQLError(status, text.slice(0, shownCharacters));
}

function isExecutionResult(value: unknown): value is FormattedExecutionResult {
  if (!isRecord(value)) return false;
  const { data, errors } = value;
  if (errors !== undefined) return Array.isArray(errors) && errors.length > 0 && errors.every(isError) && isDataOrAbsent(data);
  return isRecord(data);
}

function isError(value: unknown): value is GraphQLFormattedError {
  return isRecord(value) && typeof value['message'] === 'string';
}

function isDataOrAbsent(data: unknown): boolean {
  return data === undefined || data === null || isRecord(data);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

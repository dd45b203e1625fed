import { isDeepStrictEqual } from 'node:util';
import { WrongAnswerError } from '../errors.ts';
import type { LoadOptions } from './load.ts';
import type { FindAnswer } from './reference.ts';

/** @throws {WrongAnswerError} naming the operation, when what it was answered with is not what it has to be */
export function assertAnswer(findAnswer: FindAnswer): LoadOptions['check'] {
  return (request, body) => {
    if (isDeepStrictEqual(JSON.parse(body), findAnswer(request))) return;
    const { operationName, variables } = request;
    throw new WrongAnswerError(`${operationName} with ${JSON.stringify(variables)} is answered wrongly: ${body.slice(0, 500)}`);
  };
}

import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type FormattedExecutionResult } from 'graphql';
import type { Logger } from '@tenantry/service';
import type { GatewayContext } from './gateway-context.ts';
import { hasFault, logFaults, presentErrors } from './presented-errors.ts';
import { outcomeOf } from './request-record.ts';

/** Has Apollo Server answer with errors as {@link presentErrors} shows them. */
export function errorPresentation(logger: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      async willSendResponse({ response: { body, http }, errors = [], contextValue, operationName }) {
        if (body.kind !== 'single') return;
        const { singleResult: result } = body;
        const nulls = takeForbiddenNulls(result);
        const originals = [...errors, ...nulls];
        const formatted = [...(result.errors ?? []), ...nulls.map((error) => error.toJSON())];
        const errorsToShow = formatted.map((error, index) => ({ formatted: error, original: originals[index] }));
        const isFaulty = hasFault(errorsToShow);
        logFaults(errorsToShow, { context: contextValue, operationName, logger });
        if (formatted.length > 0) result.errors = presentErrors(errorsToShow, contextValue.requestId);
        contextValue.record.outcome = outcomeOf(result, isFaulty);
        if (isFaulty && result.data === undefined) http.status = 500;
      },
    }),
  };
}

/** Execution reports a null where the schema forbids one beside the errors; by the specification it is one of them. */
function takeForbiddenNulls(result: FormattedExecutionResult): GraphQLError[] {
  if (!result.extensions) return [];
  const { valueCompletion, ...extensions } = result.extensions;
  if (Object.keys(extensions).length > 0) result.extensions = extensions;
  else delete result.extensions;
  const nulls = Array.isArray(valueCompletion) ? valueCompletion.filter((error) => error instanceof GraphQLError) : [];
  return nulls.map(({ message, path }) => new GraphQLError(message, { path }));
}

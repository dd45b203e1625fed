import type { ApolloServerPlugin } from '@apollo/server';
import type { Principal } from '@tenantry/auth';
import { TenantryError } from '@tenantry/service';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { AuthorizeOperation } from '../authorization/authorize-operation.ts';
import type { CheckAnswerSize } from '../limits/answer-size.ts';
import type { RawVariables } from '../limits/estimate-answer.ts';
import type { CheckOperationSize } from '../limits/operation-size.ts';
import type { ValidOperation } from '../operation.ts';
import type { GatewayContext } from './gateway-context.ts';
import { cannotResolve, challenges, toRefusal } from './refusal.ts';

/** @throws {TenantryError} when an operation is too large, or not for this principal */
export type CheckOperation = (
  operation: ValidOperation,
  schema: GraphQLSchema,
  request: { readonly principal: Principal | null; readonly variables: RawVariables },
) => void;

export interface OperationChecks {
  checkSize: CheckOperationSize;
  checkAnswerSize: CheckAnswerSize;
  authorize: AuthorizeOperation;
}

/** All that an operation has to pass before it is planned. */
export function createOperationCheck({ checkSize, checkAnswerSize, authorize }: OperationChecks): CheckOperation {
  return (operation, schema, { principal, variables }) => {
    checkSize(operation);
    authorize(operation, schema, principal);
    // Unfolds fragments: only once their number is known to be small.
    checkAnswerSize(operation, schema, variables);
  };
}

/** Has Apollo Server refuse operations before they are planned: what cannot be executed, and what does not pass `check`. */
export function operationChecks(check: CheckOperation): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ document, operation, schema, request, contextValue: { record, tenantContext } }) {
        if (!operation) throw cannotResolve('Name one of the operations of the document as `operationName`.');
        record.operation = operation.operation;
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) throw cannotResolve(subscriptionElsewhere);
        try {
          check({ document, operation }, schema, { principal: tenantContext.principal, variables: request.variables ?? {} });
        } catch (error) {
          throw error instanceof TenantryError ? toRefusal(error, challengeOf(error)) : error;
        }
        record.accepted = { operation: { document, operation }, schema };
      },
    }),
  };
}

/** How a subscription is refused that was asked for as a query is. */
const subscriptionElsewhere =
  'A subscription takes a stream: ask with `Accept: text/event-stream`, or over a WebSocket by the protocol graphql-transport-ws.';

function challengeOf({ code }: TenantryError): string | undefined {
  if (code === 'UNAUTHENTICATED') return challenges.missingToken;
  return code === 'FORBIDDEN' ? challenges.insufficientScope : undefined;
}

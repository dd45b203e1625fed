import type { ApolloServerPlugin } from '@apollo/server';
import { TenantryError } from '@tenantry/service';
import { OperationTypeNode } from 'graphql';
import type { AuthorizeOperation } from '../authorization/authorize-operation.ts';
import type { CheckAnswerSize } from '../limits/answer-size.ts';
import type { CheckOperationSize } from '../limits/operation-size.ts';
import type { GatewayContext } from './gateway-context.ts';
import { cannotResolve, challenges, toRefusal } from './refusal.ts';

export interface OperationChecks {
  checkSize: CheckOperationSize;
  checkAnswerSize: CheckAnswerSize;
  authorize: AuthorizeOperation;
}

/** Refuses operations before they are planned: what cannot be executed, is too large, or is not for this principal. */
export function operationChecks({ checkSize, checkAnswerSize, authorize }: OperationChecks): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ document, operation, schema, request, contextValue }) {
        if (!operation) throw cannotResolve('Name one of the operations of the document as `operationName`.');
        contextValue.record.operation = operation.operation;
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) throw cannotResolve('Subscriptions are not served here.');
        try {
          checkSize({ document, operation });
          authorize({ document, operation }, schema, contextValue.tenantContext.principal);
          // Unfolds fragments: only once their number is known to be small.
          checkAnswerSize({ document, operation }, schema, request.variables ?? {});
        } catch (error) {
          throw error instanceof TenantryError ? toRefusal(error, challengeOf(error)) : error;
        }
      },
    }),
  };
}

function challengeOf({ code }: TenantryError): string | undefined {
  if (code === 'UNAUTHENTICATED') return challenges.missingToken;
  return code === 'FORBIDDEN' ? challenges.insufficientScope : undefined;
}

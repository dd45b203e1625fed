import { TenantryError } from '@tenantry/service';
import type { GatewayExecutor } from '../supergraph/apollo-gateway.ts';
import type { Execution } from './execution.ts';
import type { GatewayContext } from './gateway-context.ts';
import { toRefusal } from './refusal.ts';

/** Has Apollo Server's operations executed. */
export function createExecutor(execution: Execution): GatewayExecutor {
  return async ({ document, operation, schema, request, context }) => {
    try {
      using prepared = await execution.prepare({ operation: { document, operation }, schema }, gatewayContextOf(context));
      return await prepared.execute(request.variables ?? {});
    } catch (error) {
      throw error instanceof TenantryError ? toRefusal(error) : error;
    }
  };
}

/** Apollo Server hands on what the route's context function made, as any record. */
function gatewayContextOf(context: object): GatewayContext {
  if (isGatewayContext(context)) return context;
  throw new TypeError('The operation did not come by the route of the gateway.');
}

function isGatewayContext(context: object): context is GatewayContext {
  return 'tenantContext' in context && 'requestId' in context && 'signal' in context;
}

import type { Execution } from '../http/execution.ts';
import type { SubscriptionExecution } from './client-operations.ts';

/** Has the operations of event streams and WebSockets executed as those of requests are. */
export function subscriptionExecution(execution: Execution): SubscriptionExecution {
  return {
    execute: async (operation, variables, context) => {
      using prepared = await execution.prepare(operation, context);
      return await prepared.execute(variables);
    },
    async *subscribe(operation, variables, context) {
      using prepared = await execution.prepare(operation, context);
      yield* prepared.subscribe(variables);
    },
  };
}

import type { OperationRequest } from '../executable-operation.ts';
import type { OperationResult } from '../operation-result.ts';
import { replaying } from './exchanges.ts';
import type { SplicedPlanOptions } from './compile-spliced-plan.ts';
import { SplicedPlan } from './spliced-plan.ts';

/**
 * Executes an operation by splicing its response, wherever that can be done; else by `execute`. What is to be spliced is compiled when it
 * is first asked for.
 */
export function splicingIfPossible(
  options: SplicedPlanOptions,
  execute: (request: OperationRequest) => Promise<OperationResult>,
): (request: OperationRequest) => Promise<OperationResult | Buffer> {
  let plan: SplicedPlan | null | undefined;
  return async (request) => {
    if (plan === undefined) plan = SplicedPlan.compile(options);
    if (!plan?.isFor(request)) return await execute(request);
    const result = await plan.execute(request);
    return Buffer.isBuffer(result) ? result : await execute({ ...request, fetch: replaying(result, request.fetch) });
  };
}

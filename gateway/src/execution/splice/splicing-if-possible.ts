import type { OperationRequest } from '../executable-operation.ts';
import type { OperationResult } from '../operation-result.ts';
import type { SplicedPlanOptions } from './compile-spliced-plan.ts';
import { replaying } from './exchanges.ts';
import { SplicedPlan } from './spliced-plan.ts';
import { subgraphsInPlan } from './subgraphs-in-plan.ts';

/**
 * Executes an operation by splicing its response, wherever that can be done; else by `execute`. What is to be spliced is compiled when it
 * is first needed: for the first request whose subgraphs all answer in bytes.
 */
export function splicingIfPossible(
  options: SplicedPlanOptions,
  execute: (request: OperationRequest) => Promise<OperationResult>,
): (request: OperationRequest) => Promise<OperationResult | Buffer> {
  const subgraphs = subgraphsInPlan(options.node, options.conditions);
  let plan: SplicedPlan | null | undefined;
  return async (request) => {
    if (plan === null || !areBytes(subgraphs, request)) return await execute(request);
    if (plan === undefined) plan = SplicedPlan.compile(options);
    if (!plan?.isWorthTrying()) return await execute(request);
    const result = await plan.execute(request);
    return Buffer.isBuffer(result) ? result : await execute({ ...request, fetch: replaying(result, request.fetch) });
  };
}

/** Whether all of these subgraphs answer in bytes. */
function areBytes(subgraphs: ReadonlySet<string>, { hasBytes }: OperationRequest): boolean {
  if (!hasBytes) return false;
  for (const subgraph of subgraphs) if (!hasBytes(subgraph)) return false;
  return true;
}

import { getOperationAST, parse, type DocumentNode } from 'graphql';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planCaller } from '../../test/support/plan-callers.ts';
import { ruledTestSupergraph, testApi } from '../../test/support/test-supergraph.ts';
import { OperationTooComplexError } from '../errors.ts';
import type { ValidOperation } from '../operation.ts';
import { defaultPlanCacheLimits, PlanCache, type PlanCacheLimits } from './plan-cache.ts';
import type { Planner } from './planner.ts';
import { PlanningMetrics } from './planning-metrics.ts';
import { startThreadedPlanner } from './threaded-planner.ts';
import { warmPlans } from './warm-plans.ts';

let planner: Planner;
beforeAll(async () => {
  const metrics = new PlanningMetrics(new Registry(), () => ({ operations: 0, bytes: 0 }));
  planner = await startThreadedPlanner({ supergraphSdl: ruledTestSupergraph().supergraphSdl, metrics });
});
afterAll(async () => await planner[Symbol.asyncDispose]());

interface Harness {
  readonly cache: PlanCache<object>;
  /** Texts of what was planned, in order. */
  readonly planned: string[];
  readonly registry: Registry;
}

/** A cache over the real planner. */
function harness(
  limits: Partial<PlanCacheLimits> = {},
  plan: Planner['plan'] = async (operation, request) => await planner.plan(operation, request),
): Harness {
  const planned: string[] = [];
  const registry = new Registry();
  const cache: PlanCache<object> = new PlanCache<object>({
    planner: {
      plan: async (operation, request) => {
        planned.push(operation.text);
        return await plan(operation, request);
      },
    },
    makeExecutable: (queryPlan, operation) => ({ queryPlan, operation }),
    limits: { ...defaultPlanCacheLimits, ...limits },
    metrics: new PlanningMetrics(registry, () => cache.size),
  });
  return { cache, planned, registry };
}

function read(text: string | DocumentNode, operationName?: string): ValidOperation {
  const document = typeof text === 'string' ? parse(text) : text;
  const operation = getOperationAST(document, operationName);
  if (!operation) throw new Error('There is no such operation.');
  return { document, operation };
}

async function lookups(registry: Registry): Promise<Record<string, number>> {
  const text = await registry.getSingleMetricAsString('tenantry_gateway_plan_lookups_total');
  return Object.fromEntries([...text.matchAll(/answer="(\w+)"\} (\d+)/g)].map(([, answer, count]) => [answer, Number(count)]));
}

describe('an operation', () => {
  test('is planned once, however it is spelled', async () => {
    const { cache, planned, registry } = harness();
    const first = await cache.get(read('{ me { name } }'));
    expect(first).toMatchObject({ queryPlan: { node: { kind: 'Fetch', serviceName: 'people' } } });
    expect(await cache.get(read('query { me { name } } # again'))).toBe(first);
    const document = parse('query A { me { name } } query B { me { id } }');
    expect(await cache.get(read(document, 'A'))).not.toBe(first);
    expect(await cache.get(read(document, 'A'))).toBe(await cache.get(read(parse('query A { me { name } }'))));
    expect(planned).toHaveLength(2);
    expect(await lookups(registry)).toEqual({ planned: 2, cached: 3 });
  });

  test('is planned once for all who wait, and one who goes away does not take it from the others', async () => {
    const { cache, planned, registry } = harness();
    const gone = new AbortController();
    const operation = read('{ people { id } }');
    const impatient = cache.get(operation, planCaller('192.0.2.1', gone.signal));
    const patient = [cache.get(operation), cache.get(read('{people{id}}'))];
    gone.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    const [one, other] = await Promise.all(patient);
    expect(one).toBe(other);
    expect(planned).toHaveLength(1);
    expect(await lookups(registry)).toEqual({ planned: 1, joined: 2 });
  });

  test('is planned again after a failure', async () => {
    const { cache, planned } = harness({}, async (operation, request) => {
      if (planned.length === 1) throw new Error('The planner has failed.');
      return await planner.plan(operation, request);
    });
    await expect(cache.get(read('{ me { id } }'))).rejects.toThrow('The planner has failed.');
    await expect(cache.get(read('{ me { id } }'))).resolves.toMatchObject({ queryPlan: {} });
  });

  test('that is too complex is not planned again for a while', async () => {
    const { cache, planned, registry } = harness({}, async () => {
      throw new OperationTooComplexError('No.');
    });
    for (const _ of [1, 2, 3]) await expect(cache.get(read('{ me { id } }'))).rejects.toThrow('No.');
    expect(planned).toHaveLength(1);
    expect(await lookups(registry)).toEqual({ planned: 1, refused: 2 });
  });
});

describe('a cache', () => {
  const fields = Array.from({ length: 20 }, (_, index) => read(`{ a${index}: me { id } }`));

  test('keeps as many plans as it may, those that are used', async () => {
    const { cache, planned } = harness({ operations: 3 });
    const [first, ...others] = fields;
    for (const other of others) {
      await cache.get(other);
      await cache.get(first!);
    }
    expect(cache.size.operations).toBe(3);
    expect(planned).toHaveLength(20);
  });

  test('keeps no more bytes than it may', async () => {
    const { cache } = harness({ bytes: 60_000 });
    for (const field of fields) await cache.get(field);
    expect(cache.size.bytes).toBeLessThanOrEqual(60_000);
    expect(cache.size.operations).toBeGreaterThan(0);
    expect(cache.size.operations).toBeLessThan(20);
  });

  test('says how much it holds', async () => {
    const { cache, registry } = harness();
    await cache.get(fields[0]!);
    const text = await registry.metrics();
    expect(text).toContain('tenantry_gateway_plan_cache_operations 1');
    expect(text).toContain(`tenantry_gateway_plan_cache_bytes ${cache.size.bytes}`);
  });
});

describe('warming', () => {
  const { schema } = testApi();
  const uses = { '{ me { id } }': 2, '{ me { name } }': 5, '{ people { id } }': 1 };

  async function used(): Promise<PlanCache<object>> {
    const { cache } = harness();
    for (const [text, count] of Object.entries(uses)) for (let use = 0; use < count; use++) await cache.get(read(text));
    return cache;
  }

  test('plans the most used operations, the foremost first', async () => {
    const { cache, planned, registry } = harness();
    const operations = (await used()).mostUsed(2);
    expect(operations.map((operation) => operation.uses)).toEqual([5, 2]);
    expect(await warmPlans(cache, schema, operations, AbortSignal.timeout(30_000))).toEqual({ planned: 2, skipped: 0 });
    expect(planned).toEqual(operations.map(({ text }) => text));
    await cache.get(read('{ me { name } }'));
    expect(await lookups(registry)).toEqual({ cached: 1 });
    // Half of what they were, and the use of now.
    expect(cache.mostUsed(10).map((operation) => operation.uses)).toEqual([3, 1]);
  });

  test('passes over what the supergraph no longer allows, and what cannot be planned', async () => {
    const { cache } = harness({}, async (operation, request) => {
      if (operation.text.includes('people')) throw new Error('The planner has failed.');
      return await planner.plan(operation, request);
    });
    const operations = [{ text: '{\n  nobody\n}', uses: 9 }, ...(await used()).mostUsed(10)];
    expect(await warmPlans(cache, schema, operations, AbortSignal.timeout(30_000))).toEqual({ planned: 2, skipped: 2 });
  });

  test('ends when its time is over, whatever is being planned', async () => {
    const never = Promise.withResolvers<never>();
    const { cache, planned } = harness({}, async () => await never.promise);
    expect(await warmPlans(cache, schema, (await used()).mostUsed(10), AbortSignal.timeout(50))).toEqual({ planned: 0, skipped: 1 });
    expect(planned).toHaveLength(1);
  });
});

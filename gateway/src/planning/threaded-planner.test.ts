import { composeServices } from '@apollo/composition';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import * as fc from 'fast-check';
import { parse } from 'graphql';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../../test/support/operation-generator.ts';
import { planningFor } from '../../test/support/plan-callers.ts';
import { ruledTestSupergraph, testApi } from '../../test/support/test-supergraph.ts';
import { OperationTooComplexError, PlanningError } from '../errors.ts';
import { parseCanonical } from './canonical-operation.ts';
import type { Planner } from './planner.ts';
import { PlanningMetrics } from './planning-metrics.ts';
import { startThreadedPlanner } from './threaded-planner.ts';

const { supergraphSdl } = ruledTestSupergraph();
const unwatched = metricsIn(new Registry());
const somebodys = planningFor('somebody');
const small = parseCanonical('{ me { name books { title } } }');
const large = parseCanonical(`{ ${Array.from({ length: 300 }, (_, index) => `a${index}: me { id }`).join(' ')} }`);

function metricsIn(registry: Registry): PlanningMetrics {
  return new PlanningMetrics(registry, () => ({ operations: 0, bytes: 0 }));
}

/** How many plannings ended how, in which lane. */
async function plannings(registry: Registry): Promise<Record<string, number>> {
  const text = await registry.getSingleMetricAsString('tenantry_gateway_planning_seconds');
  const counts = [...text.matchAll(/_count\{lane="(\w+)",outcome="(\w+)"\} (\d+)/g)];
  return Object.fromEntries(counts.map(([, lane, outcome, count]) => [`${lane} ${outcome}`, Number(count)]));
}

/** Spreads double with every level, so that a few lines stand for `2 ** levels` fields. */
function doubling(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, level) => {
    const inner = level === levels - 1 ? 'id name' : `...D${level + 1}`;
    return `fragment D${level} on Person { a${level}: friends { ${inner} } b${level}: friends { ${inner} } }`;
  });
  return `{ me { ...D0 } } ${fragments.join(' ')}`;
}

describe('a planner', () => {
  let planner: Planner;
  beforeAll(async () => {
    planner = await startThreadedPlanner({ supergraphSdl, timeoutMs: 60_000, metrics: unwatched });
  });
  afterAll(async () => await planner[Symbol.asyncDispose]());

  test('makes the plans of the stock gateway, though it knows @defer', async () => {
    const supergraph = Supergraph.build(supergraphSdl);
    const stock = new QueryPlanner(supergraph);
    await fc.assert(
      fc.asyncProperty(operations(testApi().schema), async (text) => {
        const canonical = parseCanonical(text);
        const plan = stock.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), canonical.document));
        expect((await planner.plan(canonical, somebodys)).plan).toEqual(JSON.parse(JSON.stringify(plan)));
      }),
      { numRuns: 50 },
    );
  });

  test('plans what is deferred', async () => {
    const { plan } = await planner.plan(parseCanonical('{ me { name ... @defer { books { title } } } }'), somebodys);
    expect(plan.node).toMatchObject({ kind: 'Defer', deferred: [{ queryPath: ['me'] }] });
  });

  test('refuses what has more fields than it takes, without planning it', async () => {
    await expect(planner.plan(parseCanonical(doubling(24)), somebodys)).rejects.toThrow(OperationTooComplexError);
    await expect(planner.plan(small, somebodys)).resolves.toMatchObject({ plan: { kind: 'QueryPlan' } });
  });

  test('fails for what is not an operation of its supergraph, and goes on', async () => {
    const planning = planner.plan(parseCanonical('{ nobody }'), somebodys);
    await expect(planning).rejects.toThrow(PlanningError);
    await expect(planning).rejects.toMatchObject({ cause: { message: expect.stringContaining('nobody') } });
    await expect(planner.plan(small, somebodys)).resolves.toMatchObject({ plan: { kind: 'QueryPlan' } });
  });
});

test('an operation whose planning takes too long is refused; small ones do not wait for it, nor large ones for ever', async () => {
  const registry = new Registry();
  await using planner = await startThreadedPlanner({ supergraphSdl, timeoutMs: 1200, metrics: metricsIn(registry) });
  const order: string[] = [];
  const huge = planner.plan(parseCanonical(doubling(17)), somebodys).catch((error: unknown) => {
    order.push('huge');
    return error;
  });
  await planner.plan(small, somebodys).finally(() => order.push('small'));
  expect(await huge).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', message: expect.stringContaining('too complex') });
  expect(order).toEqual(['small', 'huge']);

  await expect(planner.plan(large, somebodys)).resolves.toMatchObject({ plan: { node: { kind: 'Fetch' } } });
  expect(await plannings(registry)).toEqual({ 'large overrun': 1, 'small planned': 1, 'large planned': 1 });
});

test('a small operation that takes as long as a large one is planned with those', async () => {
  const registry = new Registry();
  await using planner = await startThreadedPlanner({ supergraphSdl, timeoutMs: 1, metrics: metricsIn(registry) });
  await expect(planner.plan(parseCanonical(doubling(5)), somebodys)).rejects.toThrow(OperationTooComplexError);
  expect(await plannings(registry)).toEqual({ 'small overrun': 1, 'large overrun': 1 });
});

test('a planner that is stopped plans nothing more, and leaves nobody waiting; who would wait too long does not wait at all', async () => {
  const planner = await startThreadedPlanner({ supergraphSdl, timeoutMs: 60_000, metrics: unwatched });
  const huge = parseCanonical(doubling(17));
  // One is planned and 10 wait.
  const refusals = Array.from({ length: 11 }, async () => await expect(planner.plan(huge, somebodys)).rejects.toThrow(PlanningError));
  await expect(planner.plan(huge, somebodys)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1000 });
  await planner[Symbol.asyncDispose]();
  await Promise.all(refusals);
  await expect(planner.plan(small, somebodys)).rejects.toThrow(PlanningError);
});

const nested = (depth: number) => parseCanonical(`{ page { ${'next { '.repeat(depth)} likes views shares ${'} '.repeat(depth)} } }`);

test('what has too many ways to be planned is refused, before it takes all memory', async () => {
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@interfaceObject", "@shareable"])';
  const home = `${link}
    type Query { page: Page }
    interface Page @key(fields: "id") { id: ID! next: Page }
    type Article implements Page @key(fields: "id") { id: ID! next: Page @shareable }
    type Album implements Page @key(fields: "id") { id: ID! next: Page @shareable }`;
  const guest = (field: string) => `${link}
    type Page @interfaceObject @key(fields: "id") { id: ID! next: Page @shareable ${field}: Int }`;
  const sdl = { home, likes: guest('likes'), views: guest('views'), shares: guest('shares') };
  const services = Object.entries(sdl).map(([name, text]) => ({ name, url: `http://${name}`, typeDefs: parse(text) }));
  const { supergraphSdl: pages = '' } = composeServices(services);
  await using planner = await startThreadedPlanner({ supergraphSdl: pages, timeoutMs: 60_000, metrics: unwatched });
  await expect(planner.plan(nested(2), somebodys)).resolves.toMatchObject({ plan: { kind: 'QueryPlan' } });
  const planning = planner.plan(nested(20), somebodys);
  await expect(planning).rejects.toMatchObject({ code: 'OPERATION_TOO_COMPLEX', message: expect.stringContaining('Ask for less') });
  await expect(planning).rejects.toMatchObject({ cause: { message: expect.stringContaining('Too many options') } });
});

test('an operation whose planning takes too much memory is refused, and ends nothing but the thread, which is replaced', async () => {
  const registry = new Registry();
  await using planner = await startThreadedPlanner({ supergraphSdl, timeoutMs: 60_000, maxPlanningMiB: 64, metrics: metricsIn(registry) });
  const planning = planner.plan(parseCanonical(doubling(18)), somebodys);
  await expect(planning).rejects.toMatchObject({ code: 'OPERATION_TOO_COMPLEX', cause: { message: 'Planning took more than 64 MiB.' } });
  for (const _lane of ['small', 'large']) {
    await expect(planner.plan(small, somebodys)).resolves.toMatchObject({ plan: { kind: 'QueryPlan' } });
    await expect(planner.plan(large, somebodys)).resolves.toMatchObject({ plan: { kind: 'QueryPlan' } });
  }
  expect(await plannings(registry)).toEqual({ 'large overrun': 1, 'small planned': 2, 'large planned': 2 });
});

test('a planner does not start over what is no supergraph', async () => {
  await expect(startThreadedPlanner({ supergraphSdl: 'type Query { a: Int }', metrics: unwatched })).rejects.toThrow(PlanningError);
});

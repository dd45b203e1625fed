import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContextSigner, type TenantContext } from '@tenantry/auth';
import { getOperationAST, parse, validate } from 'graphql';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { capturingLogger, type CapturingLogger } from '../../test/support/capturing-logger.ts';
import { supergraphVersion } from '../../test/support/supergraph-versions.ts';
import { handleTestSubgraph } from '../../test/support/test-subgraph-handler.ts';
import { testSubgraphs } from '../../test/support/test-subgraphs.ts';
import { SupergraphError } from '../errors.ts';
import type { ValidOperation } from '../operation.ts';
import { fileSource } from './file-source.ts';
import { startGenerations, type Generation, type Generations, type GenerationsOptions } from './generations.ts';
import type { SubgraphLocation } from './load-supergraph.ts';

/** The way to a test subgraph, which answers as long as it is open. */
class TestConnection implements AsyncDisposable {
  readonly place: string;
  isOpen = true;

  constructor({ name, url }: SubgraphLocation) {
    if (url === '') throw new Error(`The subgraph ${name} has no URL.`);
    this.place = `${name} at ${url}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOpen = false;
  }
}

let directory: string;
let path: string;
let log: CapturingLogger;
let registry: Registry;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'generations-'));
  path = join(directory, 'supergraph.graphql');
  log = capturingLogger();
  registry = new Registry();
});
afterEach(async () => await rm(directory, { recursive: true }));

async function start(options: Partial<GenerationsOptions<TestConnection>> = {}): Promise<Generations<TestConnection>> {
  return await startGenerations({
    source: fileSource({ path, pollMs: 10 }),
    connect: (subgraph) => new TestConnection(subgraph),
    logger: log.logger,
    metrics: registry,
    drain: { settleMs: 10 },
    ...options,
  });
}

async function publish(composedSdl: string): Promise<void> {
  await writeFile(`${path}.next`, composedSdl);
  await rename(`${path}.next`, path);
}

/** Publishes a supergraph and waits until it is served. */
async function swap(generations: Generations<TestConnection>, composedSdl: string): Promise<Generation<TestConnection>> {
  const { promise, resolve } = Promise.withResolvers<Generation<TestConnection>>();
  const stop = generations.onChange(resolve);
  await publish(composedSdl);
  const generation = await promise;
  stop();
  return generation;
}

/** Waits until it is logged so many times. */
async function logged(message: string, times = 1): Promise<CapturingLogger['entries']> {
  const found = () => log.entries.filter(({ msg }) => msg === message);
  await expect.poll(found, { timeout: 20_000, interval: 5 }).toHaveLength(times);
  return found();
}

function read(text: string, { schemas }: Generation<TestConnection>): ValidOperation {
  const document = parse(text);
  expect(validate(schemas.api, document)).toEqual([]);
  return { document, operation: getOperationAST(document)! };
}

/** How often a change of the supergraph came to this. */
async function reloads(outcome: string): Promise<number> {
  const text = await registry.getSingleMetricAsString('tenantry_gateway_supergraph_reloads_total');
  return Number(new RegExp(`outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

const signingKey = randomBytes(32);
const signer = createContextSigner({ key: signingKey });
const nobody: TenantContext = { principal: null, tenantId: null, impersonated: false, origin: null };

/** A request, as the gateway has it: it enters the generation whose schema it met. */
async function ask(generation: Generation<TestConnection>, text: string): Promise<unknown> {
  using _entered = generation.enter();
  const executable = await generation.plans.get(read(text, generation));
  return await executable.execute({
    variables: {},
    fetch: async (name, operation) => {
      const connection = generation.subgraphs.get(name);
      if (!connection?.isOpen) throw new Error(`The connection to ${name} is closed.`);
      const handler = handleTestSubgraph(
        testSubgraphs.find((subgraph) => subgraph.name === name)!,
        signingKey,
      );
      return await handler.execute(operation, signer.sign(nobody, name));
    },
  });
}

const query = '{ books { title owner { name } } }';
const answer = { data: { books: expect.arrayContaining([{ title: 'Book of ada', owner: { name: 'Name of ada' } }]) } };

const rejected = 'a supergraph cannot be served; the one before it stays';
const drained = 'a supergraph is no longer served';

test('a supergraph is served as it is read', async () => {
  await publish(supergraphVersion());
  await using generations = await start();
  const { current } = generations;
  expect(generations.of(current.schemas.api)).toBe(current);
  expect([...current.subgraphs.values()].map(({ place }) => place).toSorted()).toEqual([
    'library at http://library.example/graphql',
    'people at http://people.example/graphql',
  ]);
  expect(await ask(current, query)).toEqual(answer);
  expect(() => current.authorize(read('{ me { id } }', current), current.schemas.api, null)).toThrow('Sign in to reach');
  expect(read('{ me { name ... @defer { books { title } } } }', current)).toBeDefined();
  expect(() => generations.of(current.schemas.supergraph)).toThrow('not the API schema of a supergraph that is served');
});

test.each([
  ['what is no GraphQL', 'nonsense', /Syntax Error/],
  ['what is no supergraph', 'type Query { a: Int }', /supergraph/i],
  ['a subgraph without a place', supergraphVersion({ urls: { people: '' } }), /The subgraph people has no URL/],
])('a start over %s fails', async (_what, composedSdl, reason) => {
  await publish(composedSdl);
  const starting = start();
  await expect(starting).rejects.toThrow(SupergraphError);
  await expect(starting).rejects.toThrow(reason);
  await expect(starting).rejects.toThrow(`The supergraph of ${path} cannot be served`);
});

describe('another supergraph', () => {
  test('is served once it is ready; what entered the one before is answered by it, and has its connections until it is done', async () => {
    await publish(supergraphVersion({ version: 1 }));
    await using generations = await start();
    const before = generations.current;
    const entered = before.enter();
    const after = await swap(generations, supergraphVersion({ urls: { people: 'http://moved.example/graphql' } }));
    expect(generations.current).toBe(after);
    expect(generations.of(before.schemas.api)).toBe(before);
    expect(after.subgraphs.get('library')).toBe(before.subgraphs.get('library'));
    expect(after.subgraphs.get('people')).not.toBe(before.subgraphs.get('people'));
    expect(await registry.getSingleMetricAsString('tenantry_gateway_requests_in_flight')).toContain('{generation="draining"} 1');
    expect(await ask(before, query)).toEqual(answer);
    expect(await ask(after, query)).toEqual(answer);
    entered[Symbol.dispose]();
    await logged(drained);
    const open = [...before.subgraphs].map(([name, { isOpen }]) => [name, isOpen]);
    expect(Object.fromEntries(open)).toEqual({ library: true, people: false, versions: false });
    expect(await ask(after, query)).toEqual(answer);
    expect(await logged('another supergraph is served')).toMatchObject([
      { previous: before.id, supergraph: after.id, subgraphs: ['library', 'people'] },
    ]);
  });

  test('has its plans before it is served', async () => {
    await publish(supergraphVersion({ version: 1 }));
    await using generations = await start();
    for (const text of [query, query, '{ version1 }', '{ greet(name: "Ada") }'])
      await generations.current.plans.get(read(text, generations.current));
    const after = await swap(generations, supergraphVersion({ version: 2 }));
    expect(after.plans.size.operations).toBe(2);
    expect(after.plans.mostUsed(1)).toMatchObject([{ text: expect.stringContaining('books') }]);
    expect(await logged('another supergraph is served')).toMatchObject([{ plans: { planned: 2, skipped: 1 } }]);
  });

  test('that cannot be served changes nothing, and keeps no better one from being served', async () => {
    await publish(supergraphVersion({ version: 1 }));
    await using generations = await start();
    const before = generations.current;
    const half = supergraphVersion({ version: 2 }).slice(0, 2000);
    const withoutPlace = supergraphVersion({ version: 2, urls: { versions: '' } });
    for (const [index, bad] of [half, withoutPlace, ''].entries()) {
      await publish(bad);
      const entries = await logged(rejected, index + 1);
      expect(entries[index]).toMatchObject({ origin: path, current: before.id, err: { message: expect.stringMatching(/./) } });
    }
    expect(generations.current).toBe(before);
    expect(await ask(before, query)).toEqual(answer);
    const after = await swap(generations, supergraphVersion({ version: 3 }));
    expect(await ask(after, query)).toEqual(answer);
    expect([await reloads('rejected'), await reloads('swapped')]).toEqual([3, 1]);
  });

  test('that cannot be read is reported once, until one can', async () => {
    await publish(supergraphVersion({ version: 1 }));
    await using generations = await start();
    const before = generations.current;
    await rm(path);
    const unreadable = 'the supergraph cannot be read; the one before it stays';
    await logged(unreadable);
    await expect.poll(async () => await reloads('unreadable'), { interval: 5 }).toBeGreaterThan(2);
    expect(generations.current).toBe(before);
    await logged(unreadable);
    await swap(generations, supergraphVersion({ version: 2 }));
  });

  test('is the same if it says the same', async () => {
    await publish(supergraphVersion({ version: 1 }));
    await using generations = await start();
    const before = generations.current;
    await publish(supergraphVersion({ version: 1 }));
    await swap(generations, supergraphVersion({ version: 2 }));
    expect(await logged('another supergraph is served')).toMatchObject([{ previous: before.id }]);
  });
});

test('what does not end by itself is told to', async () => {
  await publish(supergraphVersion({ version: 1 }));
  await using generations = await start({ drain: { settleMs: 10, drainMs: 50 } });
  const before = generations.current;
  const subscription = before.enter();
  before.ending.addEventListener('abort', () => subscription[Symbol.dispose]());
  await swap(generations, supergraphVersion({ version: 2 }));
  await logged(drained);
  expect(before.inFlight).toBe(0);
});

test('the end closes every connection and ends what is under way', async () => {
  await publish(supergraphVersion({ version: 1 }));
  const generations = await start({ drain: { settleMs: 60_000 } });
  const before = generations.current;
  const after = await swap(generations, supergraphVersion());
  await generations[Symbol.asyncDispose]();
  expect([...before.subgraphs.values(), ...after.subgraphs.values()].filter(({ isOpen }) => isOpen)).toEqual([]);
  expect([before.ending.aborted, after.ending.aborted]).toEqual([true, true]);
});

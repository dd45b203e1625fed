import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SubgraphDefinitionError } from './errors.ts';
import { loadSubgraphByName, loadSubgraphs } from './load-subgraphs.ts';

const kit = new URL('./define-subgraph.ts', import.meta.url).href;
const schema = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\ntype Query { hello: String }`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-subgraphs-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

async function writeSubgraph(folder: string, files: { schema?: string; index?: string }): Promise<void> {
  await mkdir(join(directory, folder, 'src'), { recursive: true });
  if (files.schema !== undefined) await writeFile(join(directory, folder, 'schema.graphql'), files.schema);
  if (files.index !== undefined) await writeFile(join(directory, folder, 'src/index.ts'), files.index);
}

function indexOf(name: string, resolvers = '{ Query: { hello: () => "hello" } }'): string {
  return `import { defineSubgraph } from ${JSON.stringify(kit)};
    const schemaPath = new URL('../schema.graphql', import.meta.url);
    export default defineSubgraph({ name: '${name}', schemaPath, resolvers: ${resolvers}, createContext: (request) => ({ request }) });`;
}

describe('loadSubgraphs', () => {
  it('finds every folder with a schema, in the order of names, and no other', async () => {
    for (const name of ['zebras', 'apples']) await writeSubgraph(name, { schema, index: indexOf(name) });
    await writeSubgraph('notes', {});
    const subgraphs = await loadSubgraphs(directory);
    expect(subgraphs.map(({ name }) => name)).toEqual(['apples', 'zebras']);
    expect(subgraphs[0]?.schemaPath).toBe(join(directory, 'apples/schema.graphql'));
    expect(subgraphs[0]?.schema.getQueryType()?.getFields()).toHaveProperty('hello');
  });

  it.each([
    ['no entry', { schema }, 'has a schema.graphql but no src/index.ts'],
    ['another default export', { schema, index: 'export default { name: "broken" };' }, 'must default-export what defineSubgraph returns'],
    ['another name than its folder', { schema, index: indexOf('other') }, 'calls its subgraph "other"; its folder is broken'],
    ['a schema that does not parse', { schema: `${schema}\ntype {`, index: indexOf('broken') }, 'broken/schema.graphql:3:6: Syntax Error'],
    ['a schema that is not valid', { schema: `${schema}\ntype A { b: Missing }`, index: indexOf('broken') }, 'Unknown type "Missing"'],
    [
      'a resolver for no field',
      { schema, index: indexOf('broken', '{ Query: { helo: () => "" } }') },
      'a resolver for Query.helo, which the schema does not define',
    ],
    [
      'a subscription without events',
      { schema: `${schema}\ntype Subscription { hello: String }`, index: indexOf('broken') },
      'Subscription.hello needs a resolver with `subscribe`',
    ],
    ['resolvers for no type', { schema, index: indexOf('broken', '{ Qery: {} }') }, 'resolvers for Qery, which the schema does not define'],
  ])('refuses a folder with %s', async (_what, files, message) => {
    await writeSubgraph('broken', files);
    const loading = loadSubgraphs(directory);
    await expect(loading).rejects.toThrow(SubgraphDefinitionError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(directory);
  });

  it('refuses a directory without subgraphs, or that is not there', async () => {
    await expect(loadSubgraphs(directory)).rejects.toThrow('holds no folder with a schema.graphql');
    await expect(loadSubgraphs(join(directory, 'missing'))).rejects.toThrow('Cannot read the folder of subgraphs');
  });
});

describe('loadSubgraphByName', () => {
  it('loads that one and not its neighbours', async () => {
    await writeSubgraph('apples', { schema, index: indexOf('apples') });
    await writeSubgraph('broken', { schema: 'type {' });
    expect((await loadSubgraphByName('apples', directory)).name).toBe('apples');
  });

  it('says which ones there are', async () => {
    await writeSubgraph('apples', { schema, index: indexOf('apples') });
    await expect(loadSubgraphByName('pears', directory)).rejects.toThrow('There is no subgraph "pears"');
    await expect(loadSubgraphByName('pears', directory)).rejects.toThrow('there is: apples');
  });
});

import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SupergraphError } from '../errors.ts';
import { fileSource } from './file-source.ts';
import { maxSupergraphBytes, type SupergraphSource } from './supergraph-source.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'supergraph-'));
  path = join(directory, 'supergraph.graphql');
});
afterEach(async () => await rm(directory, { recursive: true }));

/** What two looks in turn bring. */
async function look(source: SupergraphSource): Promise<string | null> {
  return (await source.read()) ?? (await source.read());
}

test('a file is read at once, and again when it has changed', async () => {
  await writeFile(path, 'one');
  const source = fileSource({ path });
  expect(await source.read()).toBe('one');
  expect(await look(source)).toBeNull();
  await writeFile(path, 'other');
  expect(await look(source)).toBe('other');
  expect(await look(source)).toBeNull();
});

test('a file that takes its place by a rename is read', async () => {
  await writeFile(path, 'one');
  const source = fileSource({ path });
  await source.read();
  await writeFile(join(directory, 'next'), 'two');
  await rename(join(directory, 'next'), path);
  expect(await look(source)).toBe('two');
});

test('what a link on the way is turned to is read, as Kubernetes swaps a ConfigMap', async () => {
  for (const version of ['one', 'two']) {
    await mkdir(join(directory, version));
    await writeFile(join(directory, version, 'supergraph.graphql'), version);
  }
  await symlink('one', join(directory, '..data'));
  await symlink('..data/supergraph.graphql', path);
  const source = fileSource({ path });
  expect(await source.read()).toBe('one');
  await symlink('two', join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  expect(await look(source)).toBe('two');
});

test('a file is not read while it is being written', async () => {
  await writeFile(path, 'one');
  const source = fileSource({ path });
  await source.read();
  await writeFile(path, 'tw');
  expect(await source.read()).toBeNull();
  await writeFile(path, 'two');
  expect(await source.read()).toBeNull();
  expect(await source.read()).toBe('two');
});

test('a file that is not there is an error until it is', async () => {
  const source = fileSource({ path });
  await expect(source.read()).rejects.toThrow(SupergraphError);
  await expect(source.read()).rejects.toThrow(`The supergraph of ${path} cannot be read: ENOENT`);
  await writeFile(path, 'one');
  expect(await source.read()).toBe('one');
  await rm(path);
  await expect(source.read()).rejects.toThrow('ENOENT');
  await writeFile(path, 'two');
  expect(await look(source)).toBe('two');
});

test('a file that is larger than any supergraph is not read', async () => {
  await writeFile(path, '');
  await truncate(path, maxSupergraphBytes + 1);
  await expect(fileSource({ path }).read()).rejects.toThrow(`has more than ${maxSupergraphBytes} bytes`);
});

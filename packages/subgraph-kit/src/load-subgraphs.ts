import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Subgraph } from './define-subgraph.ts';
import { SubgraphDefinitionError } from './errors.ts';

/** Where this repository keeps its subgraphs. */
export const defaultSubgraphsDirectory: URL = new URL('../../../subgraphs/', import.meta.url);

/**
 * Loads every folder of `directory` that holds a `schema.graphql`, in the order of their names. Its `src/index.ts` default-exports
 * what {@link defineSubgraph} returns, under the folder's own name.
 *
 * @throws {SubgraphDefinitionError} naming the folder and what is wrong with it
 */
export async function loadSubgraphs(directory: URL | string = defaultSubgraphsDirectory): Promise<Subgraph[]> {
  const folders = await findSubgraphFolders(directory);
  if (folders.length === 0) throw new SubgraphDefinitionError(`${pathOf(directory)} holds no folder with a schema.graphql.`);
  return await Promise.all(folders.map(loadSubgraph));
}

/**
 * Loads the one subgraph called `name` and no other.
 *
 * @throws {SubgraphDefinitionError}
 */
export async function loadSubgraphByName(name: string, directory: URL | string = defaultSubgraphsDirectory): Promise<Subgraph> {
  const folders = await findSubgraphFolders(directory);
  const folder = folders.find((candidate) => basename(candidate) === name);
  if (folder) return await loadSubgraph(folder);
  const known = folders.map((candidate) => basename(candidate)).join(', ') || 'none';
  throw new SubgraphDefinitionError(`There is no subgraph ${JSON.stringify(name)} in ${pathOf(directory)}; there is: ${known}.`);
}

async function findSubgraphFolders(directory: URL | string): Promise<string[]> {
  const path = pathOf(directory);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new SubgraphDefinitionError(`Cannot read the folder of subgraphs ${path}.`, { cause });
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
  return folders.filter((folder) => existsSync(join(folder, 'schema.graphql'))).toSorted();
}

async function loadSubgraph(folder: string): Promise<Subgraph> {
  const entry = join(folder, 'src/index.ts');
  if (!existsSync(entry)) throw new SubgraphDefinitionError(`${folder} has a schema.graphql but no src/index.ts.`);
  const { default: subgraph }: { default?: unknown } = await import(pathToFileURL(entry).href);
  if (!isSubgraph(subgraph)) throw new SubgraphDefinitionError(`${entry} must default-export what defineSubgraph returns.`);
  if (subgraph.name !== basename(folder)) {
    throw new SubgraphDefinitionError(`${entry} calls its subgraph ${JSON.stringify(subgraph.name)}; its folder is ${basename(folder)}.`);
  }
  return subgraph;
}

function isSubgraph(value: unknown): value is Subgraph {
  return typeof value === 'object' && value !== null && 'name' in value && 'schema' in value && 'createContext' in value;
}

function pathOf(directory: URL | string): string {
  return directory instanceof URL ? fileURLToPath(directory) : directory;
}

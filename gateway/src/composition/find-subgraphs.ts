import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from '@tenantry/service';

/** Where this repository keeps its subgraphs. */
export const defaultSubgraphsDirectory = fileURLToPath(new URL('../../../subgraphs', import.meta.url));

export interface SubgraphSchema {
  name: string;
  schemaPath: string;
}

/**
 * Every folder of `directory` that holds a `schema.graphql` is a subgraph, by the folder's name; in the order of names.
 *
 * @throws {StartError} when there is none
 */
export function findSubgraphs(directory: string = defaultSubgraphsDirectory): SubgraphSchema[] {
  const files = globSync('*/schema.graphql', { cwd: directory }).toSorted();
  if (files.length === 0) throw new StartError(`${directory} holds no folder with a schema.graphql.`);
  return files.map((file) => ({ name: basename(dirname(file)), schemaPath: join(directory, file) }));
}

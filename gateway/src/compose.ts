/** Prints the supergraph of all subgraphs, for other routers and for CI. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StartError } from '@tenantry/service';
import { composeSupergraph } from './composition/compose-supergraph.ts';
import { defaultSubgraphsDirectory, findSubgraphs } from './composition/find-subgraphs.ts';
import { urlVariable } from './config.ts';

const usage = `Composes the subgraphs into a supergraph, which any Apollo Federation 2 router can serve.

  node gateway/src/compose.ts > supergraph.graphql
  pnpm --filter @tenantry/gateway compose --output ../supergraph.graphql

  --subgraphs DIR   where the folders with a schema.graphql are   (default: subgraphs/ of this repository)
  --output FILE     write there instead of to standard output
  --help            show this

A router reaches each subgraph at SUBGRAPH_<NAME>_URL, by default http://<name>/graphql.
Exit status: 0 composed, 1 the subgraphs do not compose; every problem is named with its file, line and column.`;

const optionTypes = {
  subgraphs: { type: 'string', default: defaultSubgraphsDirectory },
  output: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

try {
  const { values: options } = parseArgs({ options: optionTypes });
  if (options.help) console.log(usage);
  else print(composeDirectory(options.subgraphs), options.output);
} catch (error) {
  if (!isUsersFault(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function composeDirectory(directory: string): string {
  const subgraphs = findSubgraphs(directory);
  return composeSupergraph(subgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: urlOf(name) })));
}

function urlOf(name: string): string {
  return process.env[urlVariable(name)] ?? `http://${name}/graphql`;
}

function print(supergraphSdl: string, output: string | undefined): void {
  if (output === undefined) process.stdout.write(supergraphSdl);
  else writeFileSync(output, supergraphSdl);
}

function isUsersFault(error: unknown): error is Error {
  if (error instanceof StartError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

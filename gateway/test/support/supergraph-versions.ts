import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { testSubgraphs } from './test-subgraphs.ts';

export interface SupergraphVersion {
  /** Becomes the field `version<number>` of a subgraph `versions`; absent: there is no such subgraph. */
  version?: number;
  /** Where subgraphs are that are not at `http://<name>.example/graphql`. */
  urls?: Readonly<Record<string, string>>;
}

/** One of many supergraphs that have the test subgraphs in common. */
export function supergraphVersion({ version, urls = {} }: SupergraphVersion = {}): string {
  const urlOf = (name: string) => urls[name] ?? `http://${name}.example/graphql`;
  const services = testSubgraphs.map(({ name, schemaPath }) => {
    return { name, url: urlOf(name), typeDefs: parse(readFileSync(schemaPath, 'utf8')) };
  });
  if (version !== undefined) {
    const typeDefs = parse(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") type Query { version${version}: Int }`);
    services.push({ name: 'versions', url: urlOf('versions'), typeDefs });
  }
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new AggregateError(errors ?? [], 'The supergraph of the test does not compose.');
  return supergraphSdl;
}

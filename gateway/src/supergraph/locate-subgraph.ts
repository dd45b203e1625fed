import { urlVariable } from '../config.ts';
import type { SubgraphLocation } from './load-supergraph.ts';

/**
 * Where to reach a subgraph: where its variable says, or else where the supergraph does.
 *
 * @param urls by the names of variables
 * @throws when neither is an HTTP URL
 */
export function locateSubgraph({ name, url }: SubgraphLocation, urls: ReadonlyMap<string, string>): string {
  const place = urls.get(urlVariable(name)) ?? url;
  if (/^https?:$/.test(URL.parse(place)?.protocol ?? '')) return place;
  const problem = place === '' ? 'has no URL' : `has the URL ${place}, which is not one of HTTP`;
  throw new Error(`The subgraph ${name} ${problem}. Say where it is by ${urlVariable(name)}, or in the supergraph.`);
}

import { plan } from '../generated-suite.ts';
import { WorldSupergraph } from '../world/world-supergraph.ts';
import type { PlannedOperation } from './executor.ts';

const link = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]
)
`;

/** Composition takes far longer than planning. */
const composed = new WeakMap<object, WorldSupergraph>();

/**
 * Plans one operation over subgraphs that are given by name.
 *
 * @throws {Error} when they do not compose, or there is no plan
 */
export function planOver(subgraphs: Readonly<Record<string, string>>, text: string): PlannedOperation {
  const supergraph = composed.get(subgraphs) ?? compose(subgraphs);
  composed.set(subgraphs, supergraph);
  const planned = plan(supergraph, { text, variables: {}, isPlain: true });
  if (typeof planned === 'string') throw new Error(planned);
  return planned;
}

function compose(subgraphs: Readonly<Record<string, string>>): WorldSupergraph {
  const supergraph = WorldSupergraph.compose(Object.entries(subgraphs).map(([name, sdl]) => ({ name, sdl: link + sdl })));
  if (!(supergraph instanceof WorldSupergraph)) throw new Error(supergraph.join('\n'));
  return supergraph;
}

import { prettyFormatQueryPlan } from '@apollo/query-planner';
import { print } from 'graphql';
import type { Run } from '../trial.ts';
import type { ReducedTrial } from './reduce-trial.ts';

/** All that is needed to see what went wrong, to read. */
export function describeFinding(seed: number, { trial, outcome }: ReducedTrial): string {
  const { supergraph, document, variables, plan } = trial.planned;
  const { ours, corrected, stock, monolith, faults, differences } = outcome;
  return [
    heading(`Ours differs: ${differences.join('; ')}`),
    `To repeat: pnpm --filter @tenantry/gateway differential --seed ${seed} --cases 1`,
    ...supergraph.sources.map(({ name, sdl }) => `${heading(`Subgraph ${name}`)}\n${sdl}`),
    `${heading('Operation')}\n${print(document)}\nvariables ${JSON.stringify(variables)}`,
    `${heading('Plan')}\n${prettyFormatQueryPlan(plan)}`,
    `${heading('Faults')}\n${[...faults].map(([place, fault]) => `${fault} at ${place}`).join('\n') || 'none'}`,
    describeRun(corrected ? 'The stock executor without its known faults' : 'The stock executor', corrected ?? stock),
    ...(monolith ? [`${heading('One server with the whole world')}\n${JSON.stringify(monolith, null, 2)}`] : []),
    describeRun('Ours, generated code', ours.generated),
    describeRun('Ours, interpreted', ours.interpreted),
    describeRun('Ours, spliced', ours.spliced),
  ].join('\n\n');
}

function describeRun(name: string, { result, received, rejection }: Run): string {
  const subgraphs = received.map(({ subgraph, query, variables }) => `${subgraph} received ${query} ${JSON.stringify(variables)}`);
  const outcome = rejection === null ? JSON.stringify(result, null, 2) : `rejects: ${rejection}`;
  return [heading(name), outcome, ...subgraphs].join('\n');
}

function heading(text: string): string {
  return `=== ${text}`;
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeSupergraph } from '@tenantry/gateway';
import { stockApolloGateway } from '../contenders/apollo-gateway.ts';
import { startGroup, type RunningGroup } from '../processes/running-group.ts';
import type { Site } from '../site.ts';
import type { Installation } from '../stack/installation.ts';
import { tutorialTenants } from './tenants-subgraph.ts';
import { tutorialUsers } from './users-subgraph.ts';

const services = { users: tutorialUsers, tenants: tutorialTenants };

/** What a tutorial ends with: a gateway and two subgraphs, a process each. */
export async function startTutorial(installation: Installation, tokens: Site['tokens']): Promise<RunningGroup> {
  return await startGroup(async (started) => {
    const start = async ([name, service]: [string, typeof tutorialUsers]) => {
      const running = started.use(await service.start(installation));
      return { name, schemaPath: join(import.meta.dirname, `${name}.graphql`), url: running.url, running };
    };
    const subgraphs = await Promise.all(Object.entries(services).map(start));
    const directory = await mkdtemp(join(tmpdir(), 'tenantry-bench-'));
    started.defer(async () => await rm(directory, { recursive: true }));
    const supergraphPath = join(directory, 'supergraph.graphql');
    await writeFile(supergraphPath, composeSupergraph(subgraphs));
    const gateway = started.use(await stockApolloGateway.start({ supergraphPath, subgraphs, tokens }));
    return { url: gateway.url, processes: [...gateway.processes, ...subgraphs.flatMap(({ running }) => running.processes)] };
  });
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeSupergraph } from '@tenantry/gateway';
import type { ScenarioContext } from '../scenario.ts';
import type { GatewayContender } from './contenders/contender.ts';
import { referenceAnswers, type FindAnswer } from './reference.ts';
import type { Site } from './site.ts';
import { stubSubgraphs } from './stub-subgraphs.ts';
import { benchSubgraphs } from './subgraphs.ts';
import { createTokenIssuer, tenantIdOf, type TokenIssuer } from './token-issuer.ts';
import type { Workload } from './workloads/workload.ts';

/** CPU milliseconds per request, of a workload by contender. */
export type MeasuredCpu = Map<string, ReadonlyMap<string, number>>;

/** One supergraph, the subgraphs behind it, who signs the tokens, and the gateways that are compared. */
export interface GatewayFixture extends AsyncDisposable {
  readonly site: Site;
  readonly issuer: TokenIssuer;
  readonly contenders: readonly GatewayContender[];
  readonly findAnswer: FindAnswer;
  /** Tokens to ask a workload with: of each of the tenants, as many as the workload has. */
  tokens(workload: Workload): readonly string[];
  /** What the workloads of this run have shown so far. */
  readonly measuredCpu: MeasuredCpu;
}

export interface GatewayFixtureOptions extends Pick<ScenarioContext<never>, 'progress' | 'quick'> {
  contenders: readonly GatewayContender[];
}

const tenants = 1000;

export async function openGatewayFixture({ contenders, progress, quick }: GatewayFixtureOptions): Promise<GatewayFixture> {
  progress.update('starting the subgraphs');
  await using cleanup = new AsyncDisposableStack();
  const issuer = createTokenIssuer();
  const stubs = cleanup.use(await stubSubgraphs.start({ jwks: issuer.jwks }));
  const subgraphs = benchSubgraphs.map(({ name, schemaPath }) => ({ name, schemaPath, url: `${stubs.url}/${name}` }));
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-bench-'));
  cleanup.defer(async () => await rm(directory, { recursive: true }));
  const supergraphPath = join(directory, 'supergraph.graphql');
  await writeFile(supergraphPath, composeSupergraph(subgraphs));
  const owned = cleanup.move();
  const signed: string[] = [];
  return {
    site: { supergraphPath, subgraphs, tokens: { jwksUri: `${stubs.url}/jwks`, issuer: issuer.issuer, audience: issuer.audience } },
    issuer,
    contenders,
    findAnswer: referenceAnswers(await readFile(supergraphPath, 'utf8')),
    tokens: ({ usersPerTenant }) => {
      const count = (quick ? 10 : tenants) * usersPerTenant;
      progress.update(`signing ${count} tokens`);
      for (let number = signed.length; number < count; number += 1) {
        signed.push(issuer.sign({ subject: `user-${number}`, tenantId: tenantIdOf(number % tenants) }));
      }
      return signed.slice(0, count);
    },
    measuredCpu: new Map(),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

import type { Scenario } from '../scenario.ts';
import { defineSuite } from '../suite.ts';
import { againstPeers } from './against-peers.ts';
import { apolloGateway } from './contenders/apollo-gateway.ts';
import { fastifyLimit } from './contenders/fastify-limit.ts';
import { hiveGateways } from './contenders/hive-gateway.ts';
import { tenantry } from './contenders/tenantry.ts';
import { openGatewayFixture, type GatewayFixture } from './fixture.ts';
import { wholeStack } from './stack/whole-stack.ts';
import { inProcess } from './in-process.ts';
import { overall } from './overall.ts';
import { workloads } from './workloads/workloads.ts';

export const scenarios: readonly Scenario<GatewayFixture>[] = [...workloads.map(againstPeers), overall, inProcess, wholeStack];

export const gatewaySuite = defineSuite({
  name: 'gateway',
  title: 'The gateway, against other JavaScript federation gateways',
  open: async ({ progress, quick }) => {
    const contenders = [tenantry, apolloGateway, ...hiveGateways, fastifyLimit];
    return await openGatewayFixture({ contenders, progress, quick });
  },
  scenarios,
});

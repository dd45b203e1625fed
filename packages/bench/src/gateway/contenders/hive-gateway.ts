import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tenantry/backing-services';
import { installPeers, peersDirectory, peerVersion } from '../peers.ts';
import { startGroup } from '../processes/running-group.ts';
import { startProcess } from '../processes/running-process.ts';
import type { GatewayContender } from './contender.ts';

const pollMs = 50;

/** The command line that its documentation recommends, with `gateway.config.mjs` of the peers. */
function hiveGateway(name: string, setUp: string, ...flags: string[]): GatewayContender {
  return {
    name,
    setUp,
    install: installPeers,
    start: async ({ supergraphPath, tokens }) =>
      await startGroup(async (started) => {
        const port = await freePort();
        const options = ['--host', '127.0.0.1', '--port', String(port), '--config-path', 'gateway.config.mjs'];
        const running = started.use(
          startProcess({
            name,
            file: fileURLToPath(new URL('node_modules/@graphql-hive/gateway/dist/bin.js', peersDirectory)),
            args: ['supergraph', supergraphPath, ...options, ...flags],
            env: { LOG_LEVEL: 'warn', JWT_JWKS_URI: tokens.jwksUri, JWT_ISSUER: tokens.issuer, JWT_AUDIENCE: tokens.audience },
            directory: fileURLToPath(peersDirectory),
          }),
        );
        const url = `http://127.0.0.1:${port}`;
        while (!(await isReady(`${url}/readiness`))) {
          // Throws once the process has ended.
          await running.usage();
          await sleep(pollMs);
        }
        return { url: `${url}/graphql`, processes: [running] };
      }),
  };
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

export const hiveGateways: readonly GatewayContender[] = [
  hiveGateway(
    'Hive Gateway',
    `@graphql-hive/gateway ${peerVersion('@graphql-hive/gateway')} by its command line; tokens by its JWT plugin, which tells subgraphs ` +
      'who asks in `extensions`; sharing of requests under way, which is on by default, is off',
  ),
  hiveGateway(
    'Hive Gateway, Rust planner',
    `the same with @graphql-hive/router-runtime ${peerVersion('@graphql-hive/router-runtime')} (--hive-router-runtime)`,
    '--hive-router-runtime',
  ),
];

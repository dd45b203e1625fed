import { join, resolve } from 'node:path';
import type { DemoTenant } from './demo.ts';
import { secretsFileName } from './secrets.ts';

/** A query and the token to ask it with. */
export interface ExampleRequest {
  /** Who asks: "ada@acme.example, who owns Acme Corporation". */
  asker: string;
  token: string;
  query: string;
}

export const memberQuery = '{ me { name role } tenant { name tier } users(first: 3) { totalCount nodes { name teams { name } } } }';
export const operatorQuery = '{ tenants(first: 10) { totalCount nodes { slug name status } } }';

interface WelcomeFacts {
  /** Of `/graphql`. */
  url: string;
  metricsUrl: string;
  postgresPort: number;
  directory: string;
  examples: readonly ExampleRequest[];
  tokenLifetimeHours: number;
}

export function memberName({ tenant, owner }: DemoTenant): string {
  return `${owner.email}, who owns ${tenant.name}`;
}

/** The text after a start: where everything is, and commands to paste. */
export function welcome({ url, metricsUrl, postgresPort, directory, examples, tokenLifetimeHours }: WelcomeFacts): string {
  return `
Tenantry is running. Ctrl-C stops it.

  GraphQL   ${url}
  Sandbox   ${url}  (the same address, in a browser)
  Metrics   ${metricsUrl}
  Operate   npx pnpm tenantry tenants list${directory === resolve('.tenantry') ? '' : ` --data ${directory}`}
  Postgres  127.0.0.1:${postgresPort}, user postgres, password in ${join(directory, secretsFileName)}

Commands to paste; their tokens are good for ${tokenLifetimeHours} hours.

${examples.map(({ asker, token, query }) => `As ${asker}:\n\n${curl(url, token, query)}`).join('\n\n')}
`;
}

function curl(url: string, token: string, query: string): string {
  const body = JSON.stringify({ query });
  return `curl -s ${url} -H 'content-type: application/json' -H 'authorization: Bearer ${token}' -d '${body}'`;
}

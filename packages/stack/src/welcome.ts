import { join } from 'node:path';
import { operatorScope } from '@tenantry/auth';
import type { DemoTenant } from './demo.ts';
import { secretsFileName } from './secrets.ts';
import type { Stack } from './stack.ts';

interface WelcomeFacts {
  stack: Stack;
  demo: readonly DemoTenant[];
  metricsUrl: string;
  postgresPort: number;
  directory: string;
}

const tokenLifetimeSeconds = 12 * 3600;

const memberQuery = '{ me { name role } tenant { name tier } users(first: 3) { totalCount nodes { name teams { name } } } }';
const operatorQuery = '{ tenants(first: 10) { totalCount nodes { slug name status } } }';

/** The text after a start: where everything is, and commands to paste. */
export function welcome({ stack, demo, metricsUrl, postgresPort, directory }: WelcomeFacts): string {
  const members = demo.map(({ tenant, owner }) => {
    const token = stack.signToken({
      subject: owner.subject,
      tenantId: tenant.id,
      email: owner.email,
      emailVerified: true,
      expiresInSeconds: tokenLifetimeSeconds,
    });
    return `As ${owner.email}, who owns ${tenant.name}:\n\n${curl(stack.url, token, memberQuery)}`;
  });
  const operator = stack.signToken({
    subject: 'demo-operator',
    scopes: Object.values(operatorScope),
    expiresInSeconds: tokenLifetimeSeconds,
  });
  return `
Tenantry is running. Ctrl-C stops it.

  GraphQL   ${stack.url}
  Sandbox   ${stack.url}  (the same address, in a browser)
  Metrics   ${metricsUrl}
  Postgres  127.0.0.1:${postgresPort}, user postgres, password in ${join(directory, secretsFileName)}

Commands to paste. Their tokens are good for ${tokenLifetimeSeconds / 3600} hours; in Sandbox, put one under Headers as "Authorization: Bearer …".

${members.join('\n\n')}

As a platform operator, who has no tenant and sees all of them:

${curl(stack.url, operator, operatorQuery)}
`;
}

function curl(url: string, token: string, query: string): string {
  const body = JSON.stringify({ query });
  return `curl -s ${url} -H 'content-type: application/json' -H 'authorization: Bearer ${token}' -d '${body}'`;
}

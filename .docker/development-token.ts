/** Prints a token that the gateway of the development profile accepts: what the service `token` of development.yml runs. */
import { parseArgs } from 'node:util';
import { developmentTokenDefaults, signDevelopmentToken, tokenVariables } from '../packages/auth/src/index.ts';
import { parseEnvironment } from '../packages/service/src/index.ts';

const { values } = parseArgs({
  options: {
    subject: { type: 'string', default: 'developer' },
    tenant: { type: 'string' },
    scope: { type: 'string' },
    email: { type: 'string' },
    hours: { type: 'string', default: '12' },
  },
});
const { JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE, JWT_TENANT_CLAIM } = parseEnvironment(tokenVariables, process.env);
if (JWT_SECRET === undefined) throw new Error('There is no JWT_SECRET to sign with: tokens come from your identity provider.');

console.log(
  signDevelopmentToken({
    secret: Buffer.from(JWT_SECRET),
    issuer: JWT_ISSUER?.[0] ?? developmentTokenDefaults.issuer,
    audience: JWT_AUDIENCE ?? developmentTokenDefaults.audience,
    tenantClaim: JWT_TENANT_CLAIM,
    subject: values.subject,
    expiresInSeconds: Number(values.hours) * 3600,
    ...(values.tenant !== undefined && { tenantId: values.tenant }),
    ...(values.scope !== undefined && { scopes: values.scope.split(' ') }),
    ...(values.email !== undefined && { email: values.email, emailVerified: true }),
  }),
);

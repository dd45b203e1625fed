import { developmentTokenDefaults, signDevelopmentToken, tokenVariables } from '@tenantry/auth';
import { canonicalUuid, ConfigError, parseEnvironment } from '@tenantry/service';
import { Command, InvalidArgumentError, Option } from 'commander';
import { printOne } from '../output/print.ts';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';
import { findTenant } from './tenant-argument.ts';

interface TokenOptions {
  readonly subject: string;
  readonly tenant?: string;
  readonly scope?: string;
  readonly email?: string;
  readonly hours: number;
}

const secondsPerHour = 3600;
const longestHours = 24 * 365;

export function tokenCommand(session: Session): Command {
  return new Command('token')
    .description('Sign a token that a gateway in development accepts')
    .option('--subject <name>', 'whom it is for', 'developer')
    .option('--tenant <tenant>', 'the tenant that it speaks for, by id or slug; without, it is an operator’s')
    .option('--scope <scopes>', 'OAuth scopes, separated by spaces')
    .option('--email <email>', 'their address, as one that the issuer vouches for')
    .addOption(new Option('--hours <hours>', 'how long it is good').default(12).argParser(parseHours))
    .addHelpText(
      'after',
      examples(
        ['of a platform operator', 'token --scope "tenants:read tenants:write"'],
        ['of a person in a tenant', 'token --tenant acme --subject ada --email ada@acme.example'],
        ['for curl', 'token --tenant acme --json | jq -r .token'],
      ),
    )
    .action(async (options: TokenOptions) => {
      const token = await sign(session, options);
      printOne(session, { token }, () => `${token}\n`);
    });
}

async function sign(session: Session, { subject, tenant, scope, email, hours }: TokenOptions): Promise<string> {
  const { JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE, JWT_TENANT_CLAIM } = parseEnvironment(tokenVariables, session.environment());
  if (JWT_SECRET === undefined) throw new ConfigError(['JWT_SECRET is missing: without it, tokens come from your identity provider']);
  const tenantId = tenant === undefined ? undefined : await tenantIdOf(session, tenant);
  return signDevelopmentToken({
    secret: Buffer.from(JWT_SECRET),
    issuer: JWT_ISSUER?.[0] ?? developmentTokenDefaults.issuer,
    audience: JWT_AUDIENCE ?? developmentTokenDefaults.audience,
    tenantClaim: JWT_TENANT_CLAIM,
    subject,
    expiresInSeconds: hours * secondsPerHour,
    ...(tenantId !== undefined && { tenantId }),
    ...(scope !== undefined && { scopes: scope.split(/\s+/).filter(Boolean) }),
    ...(email !== undefined && { email, emailVerified: true }),
  });
}

/** An id is taken as it is, so that a token can be signed where there is no catalog. */
async function tenantIdOf(session: Session, reference: string): Promise<string> {
  return canonicalUuid(reference) ?? (await findTenant(session, reference)).id;
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0 && hours <= longestHours)) throw new InvalidArgumentError(`It must be a number of hours up to ${longestHours}.`);
  return hours;
}

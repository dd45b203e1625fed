import { TenantTier } from '@tenantry/prisma/control';
import type { ProvisionInput } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { printOne, sentence } from '../../output/print.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { choice } from '../choice.ts';
import { examples } from '../examples.ts';
import { tenantCard, tenantJson } from '../tenant-presentation.ts';

interface ProvisionOptions extends Pick<ProvisionInput, 'name' | 'tier' | 'cluster'> {
  readonly ownerEmail?: string;
  readonly ownerName?: string;
  readonly key?: string;
}

export function provisionCommand(session: Session): Command {
  return new Command('provision')
    .description('Make a tenant, with a database and a role of its own; it can be used at once')
    .argument('<slug>', 'what it is reached by: 3 to 40 lower-case letters, digits and single hyphens')
    .requiredOption('--name <name>', 'what people call it')
    .addOption(choice(new Option('--tier <tier>', 'default: standard'), TenantTier))
    .option('--cluster <name>', 'the Postgres server for its database; default: the one called like the tier, else the first')
    .option('--owner-email <email>', 'invite somebody as its owner')
    .option('--owner-name <name>', "the owner's name; default: what comes before the @")
    .option('--key <key>', 'an idempotency key: with it, the same command makes one tenant however often it is run')
    .addHelpText(
      'after',
      examples(
        ['a tenant that can be used at once', 'tenants provision acme --name "Acme Corporation"'],
        ['with somebody to own it', 'tenants provision acme --name Acme --owner-email ada@acme.example'],
        ['in a script that may be run again', 'tenants provision acme --name Acme --key order-1742 --json'],
      ),
    )
    .action(async (slug: string, options: ProvisionOptions) => await provision(session, slug, options));
}

async function provision(session: Session, slug: string, { ownerEmail: email, ownerName, key, ...input }: ProvisionOptions): Promise<void> {
  const control = await session.control();
  const firstOwner = email === undefined ? null : { email, name: ownerName ?? email.split('@')[0] ?? email };
  const options = { actor: commandLineActor(), idempotencyKey: key };
  const tenant = await withProgress(
    session,
    { text: `Provisioning ${slug}`, tenantId: async () => (await session.catalog().findTenantBySlug(slug))?.id ?? null },
    async () => await control.provisionTenant({ slug, ...input, firstOwner }, options),
  );
  printOne(session, tenantJson(tenant), () => sentence(session, `${tenant.slug} is ${tenant.status}.`) + tenantCard(tenant));
}

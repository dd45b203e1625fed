import { TenantTier } from '@tenantry/prisma/control';
import type { ProvisionInput, Tenant } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { confirm } from '../../output/confirm.ts';
import { formatInstant } from '../../output/instant.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { findBackupWithTenant } from '../backup-argument.ts';
import { backupArgument } from '../backup-presentation.ts';
import { choice } from '../choice.ts';
import { examples } from '../examples.ts';
import { printChanged } from '../tenant-presentation.ts';

interface RestoreOptions extends Pick<ProvisionInput, 'tier' | 'cluster'> {
  readonly into?: string;
  readonly name?: string;
  readonly key?: string;
  readonly yes?: boolean;
}

export function restoreCommand(session: Session): Command {
  const command = new Command('restore')
    .description('Give a tenant back what it had when it was backed up, or make a new tenant of that')
    .argument(...backupArgument)
    .option('--into <slug>', 'make a new tenant of it, with this slug')
    .option('--name <name>', 'with --into: what people call it; default: as the tenant that was backed up')
    .addOption(choice(new Option('--tier <tier>', 'with --into; default: standard'), TenantTier))
    .option('--cluster <name>', 'with --into: the Postgres server for its database')
    .option('--key <key>', 'with --into: an idempotency key; the same command makes one tenant however often it is run')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        ['in its place; asks first, and backs up what is there now', 'backup restore 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d'],
        ['beside it, to look at', 'backup restore 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d --into acme-two'],
      ),
    );
  return command.action(async (id: string, options: RestoreOptions) => {
    const { into, name, tier, cluster, key } = options;
    if (into === undefined && (name ?? tier ?? cluster ?? key) !== undefined) {
      command.error('error: --name, --tier, --cluster and --key go with --into: in its place, the tenant stays what it is');
    }
    const restored = await restore(session, id, options);
    printChanged(session, restored, into === undefined ? `${restored.slug} is restored.` : `${restored.slug} is ${restored.status}.`);
  });
}

async function restore(session: Session, id: string, { into, name, key, yes = false, ...rest }: RestoreOptions): Promise<Tenant> {
  const { backup, tenant } = await findBackupWithTenant(session, id);
  if (into === undefined) {
    const warning = `This gives ${tenant.slug} back what it had at ${formatInstant(backup.startedAt)}. What it has now is backed up before.`;
    await confirm(session, { warning, answer: tenant.slug, isGiven: yes });
  }
  const control = await session.control();
  const input = into === undefined ? null : { slug: into, name: name ?? tenant.name, ...rest };
  const restoring = async () => (input ? ((await session.catalog().findTenantBySlug(input.slug))?.id ?? null) : tenant.id);
  return await withProgress(
    session,
    { text: `Restoring ${input?.slug ?? tenant.slug}`, tenantId: restoring },
    async (onProgress) => await control.restoreBackup(id, commandLineActor(), { into: input, idempotencyKey: key, onProgress }),
  );
}

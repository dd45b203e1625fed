import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { confirm } from '../../output/confirm.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

interface PurgeOptions {
  readonly early?: boolean;
  readonly yes?: boolean;
}

export function purgeCommand(session: Session): Command {
  return new Command('purge')
    .description("Remove a deleted tenant's database and role for good")
    .argument(...tenantArgument)
    .option('--early', 'even though its grace period has not ended')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        ['asks first', 'tenants purge acme'],
        ['in a script, without waiting for the end of the grace period', 'tenants purge acme --early --yes'],
      ),
    )
    .action(async (reference: string, { early = false, yes = false }: PurgeOptions) => {
      const { id, slug, name } = await findTenant(session, reference);
      const warning = `This removes the database of the tenant ${slug} (${name}) for good. There is no way back.`;
      await confirm(session, { warning, answer: slug, isGiven: yes });
      const control = await session.control();
      const purge = async () => await control.purgeTenant(id, commandLineActor(), { early });
      const tenant = await withProgress(session, { text: `Purging ${slug}`, tenantId: async () => id }, purge);
      printChanged(session, tenant, `${slug} is ${tenant.status}: its database and role are gone.`);
    });
}

import { Command, InvalidArgumentError } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { confirm } from '../../output/confirm.ts';
import { formatInstant } from '../../output/instant.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

interface DeleteOptions {
  readonly graceDays?: number;
  readonly yes?: boolean;
}

export function deleteCommand(session: Session): Command {
  return new Command('delete')
    .description('Delete a tenant: shut out at once, restorable for some days, then purged')
    .argument(...tenantArgument)
    .option('--grace-days <days>', 'how long it can be restored; default: the policy of the installation', parseDays)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        ['asks first; "tenants restore acme" undoes it', 'tenants delete acme'],
        ['in a script', 'tenants delete acme --grace-days 90 --yes'],
      ),
    )
    .action(async (reference: string, { graceDays, yes = false }: DeleteOptions) => {
      const { id, slug, name } = await findTenant(session, reference);
      const warning = `This deletes the tenant ${slug} (${name}): nobody in it is served any more.`;
      await confirm(session, { warning, answer: slug, isGiven: yes });
      const control = await session.control();
      const tenant = await control.deleteTenant(id, commandLineActor(), graceDays === undefined ? {} : { graceDays });
      const until = tenant.purgeAfter ? ` and can be restored until ${formatInstant(tenant.purgeAfter)}` : '';
      printChanged(session, tenant, `${slug} is DELETING${until}.`);
    });
}

function parseDays(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of days.');
  return Number(text);
}

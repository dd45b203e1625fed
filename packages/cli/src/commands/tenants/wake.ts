import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

export function wakeCommand(session: Session): Command {
  return new Command('wake')
    .description('Make a tenant ready that hibernates, before a request does')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['after "tenants hibernate acme"', 'tenants wake acme']))
    .action(async (reference: string) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      const wake = async () => await control.wakeTenant(id, commandLineActor());
      const tenant = await withProgress(session, { text: `Waking ${slug}`, tenantId: async () => id }, wake);
      printChanged(session, tenant, `${slug} is ${tenant.status}.`);
    });
}

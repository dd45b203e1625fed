import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

export function restoreCommand(session: Session): Command {
  return new Command('restore')
    .description('Give a tenant back that was deleted, within its grace period')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['after "tenants delete acme"', 'tenants restore acme']))
    .action(async (reference: string) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      const tenant = await control.restoreTenant(id, commandLineActor());
      printChanged(session, tenant, `${slug} is ${tenant.status} again.`);
    });
}

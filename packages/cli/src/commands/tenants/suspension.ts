import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

export function suspendCommand(session: Session): Command {
  return new Command('suspend')
    .description("Refuse a tenant's requests from now on")
    .argument(...tenantArgument)
    .addHelpText('after', examples(['"tenants resume acme" undoes it', 'tenants suspend acme']))
    .action(async (reference: string) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      printChanged(session, await control.suspendTenant(id, commandLineActor()), `${slug} is SUSPENDED: its requests are refused.`);
    });
}

export function resumeCommand(session: Session): Command {
  return new Command('resume')
    .description('Serve a tenant again that was suspended')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['after "tenants suspend acme"', 'tenants resume acme']))
    .action(async (reference: string) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      printChanged(session, await control.resumeTenant(id, commandLineActor()), `${slug} is ACTIVE: its requests are served.`);
    });
}

import { TenantTier } from '@tenantry/prisma/control';
import { Argument, Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import { choice } from '../choice.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

export function tierCommand(session: Session): Command {
  return new Command('tier')
    .description('Change what a tenant pays for; its database stays where it is')
    .argument(...tenantArgument)
    .addArgument(choice(new Argument('<tier>', 'the one that it shall have'), TenantTier))
    .addHelpText('after', examples(['from now on a premium tenant', 'tenants tier acme premium']))
    .action(async (reference: string, tier: TenantTier) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      printChanged(session, await control.changeTier(id, tier, commandLineActor()), `${slug} is of the tier ${tier}.`);
    });
}

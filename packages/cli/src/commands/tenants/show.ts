import { Command } from 'commander';
import { printOne } from '../../output/print.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { tenantCard, tenantJson } from '../tenant-presentation.ts';
import { readSize } from '../tenant-size.ts';

export function showCommand(session: Session): Command {
  return new Command('show')
    .description('Show what the catalog has on a tenant')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['by slug', 'tenants show acme'], ['its id', 'tenants show acme --json | jq -r .id']))
    .action(async (reference: string) => {
      const tenant = await findTenant(session, reference);
      const size = await readSize(session, tenant.id);
      printOne(session, { ...tenantJson(tenant), size }, () => tenantCard(tenant, size));
    });
}

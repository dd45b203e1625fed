import { TenantStatus, TenantTier } from '@tenantry/prisma/control';
import type { Tenant, TenantFilter } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { printMany, remark } from '../../output/print.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { limitOption, readPages } from '../paging.ts';
import { choice } from '../choice.ts';
import { tenantColumns, tenantJson } from '../tenant-presentation.ts';

interface ListOptions extends TenantFilter {
  readonly limit: number;
}

export function listCommand(session: Session): Command {
  return new Command('list')
    .description('List tenants, the oldest first')
    .addOption(choice(new Option('--status <status>', 'only those that are so'), TenantStatus))
    .addOption(choice(new Option('--tier <tier>', 'only those of it'), TenantTier))
    .option('--search <text>', 'only those with this in their slug or name')
    .addOption(limitOption())
    .addHelpText(
      'after',
      examples(
        ['who is shut out', 'tenants list --status suspended'],
        ['by a part of the slug or name', 'tenants list --search acme'],
        ['the ids of all', 'tenants list --limit all --json | jq -r .id'],
      ),
    )
    .action(async ({ limit, ...filter }: ListOptions) => await list(session, limit, filter));
}

async function list(session: Session, limit: number, filter: TenantFilter): Promise<void> {
  const catalog = session.catalog();
  let shown = 0;
  const pages = readPages(limit, async (most, after: Tenant | undefined) => {
    const tenants = await catalog.listTenants({ limit: most, after, filter });
    shown += tenants.length;
    return tenants;
  });
  await printMany(session, pages, { toJson: tenantJson, columns: tenantColumns, emptyText: 'There are no such tenants.' });
  if (session.options.json || shown < limit) return;
  const total = await catalog.countTenants(filter);
  if (total > shown) remark(session, `${shown} of ${total} tenants; --limit all shows the others, too.`);
}

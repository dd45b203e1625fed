import { BackupState } from '@tenantry/prisma/control';
import type { Backup, BackupFilter } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { printMany, remark } from '../../output/print.ts';
import type { Column } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { backupColumns, backupJson } from '../backup-presentation.ts';
import { choice } from '../choice.ts';
import { examples } from '../examples.ts';
import { limitOption, readPages } from '../paging.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';

interface ListOptions extends Pick<BackupFilter, 'state'> {
  readonly limit: number;
}

const [, explanation] = tenantArgument;
const tenantColumn: Column<Backup> = { heading: 'TENANT', cell: ({ tenantId }) => tenantId, isDispensable: true };

export function listCommand(session: Session): Command {
  return new Command('list')
    .description('List backups, the newest first')
    .argument('[tenant]', `${explanation}; default: those of all`)
    .addOption(choice(new Option('--state <state>', 'only those that are so'), BackupState))
    .addOption(limitOption())
    .addHelpText(
      'after',
      examples(
        ["a tenant's", 'backup list acme'],
        ['what failed, of all tenants', 'backup list --state failed'],
        ['the id of the newest that is whole', 'backup list acme --state done --limit 1 --json | jq -r .id'],
      ),
    )
    .action(async (reference: string | undefined, options: ListOptions) => await list(session, reference, options));
}

async function list(session: Session, reference: string | undefined, { limit, state }: ListOptions): Promise<void> {
  const catalog = session.catalog();
  const tenantId = reference === undefined ? null : (await findTenant(session, reference)).id;
  const filter = { tenantId, state };
  let shown = 0;
  const pages = readPages(limit, async (most, after: Backup | undefined) => {
    const backups = await catalog.listBackups({ limit: most, after, filter });
    shown += backups.length;
    return backups;
  });
  const columns = tenantId === null ? [...backupColumns, tenantColumn] : backupColumns;
  await printMany(session, pages, { toJson: backupJson, columns, emptyText: 'There are no such backups.' });
  if (shown === limit) remark(session, `The newest ${limit}; --limit all shows older ones, too.`);
}

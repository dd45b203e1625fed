import { resolve } from 'node:path';
import { openBackupStore, type StoredExport, type Tenant, type TenantExport } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { commandLineActor } from '../actor.ts';
import { formatBytes } from '../output/bytes.ts';
import { formatInstant } from '../output/instant.ts';
import { printMany, printOne, sentence, type Json } from '../output/print.ts';
import { withProgress } from '../output/progress.ts';
import type { Column } from '../output/table.ts';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';
import { findTenant, tenantArgument } from './tenant-argument.ts';

interface ExportOptions {
  readonly to?: string;
  readonly list?: boolean;
  readonly remove?: string;
}

const columns: readonly Column<StoredExport>[] = [
  { heading: 'EXPORT', cell: ({ key }) => key },
  { heading: 'FINISHED', cell: ({ finishedAt }) => finishedAt && formatInstant(finishedAt) },
  { heading: 'FILES', cell: ({ files }) => String(files) },
  { heading: 'SIZE', cell: ({ bytes }) => formatBytes(bytes) },
  { heading: 'STORE', cell: ({ store }) => store, isDispensable: true },
];

export function exportCommand(session: Session): Command {
  const command = new Command('export')
    .description("Give out all of a tenant's data: a file of JSON lines for each model, and a manifest")
    .argument(...tenantArgument)
    .option('--to <folder>', 'into a new folder in this one; default: to the store of the installation (BACKUP_STORE)')
    .option('--list', 'list what is in the store instead')
    .option('--remove <export>', 'remove an export from the store instead')
    .addHelpText(
      'after',
      examples(
        ['for somebody who asks for their data', 'export acme --to ./handover'],
        ['to the store, where an erasure removes it', 'export acme'],
        ['what is there', 'export acme --list'],
      ),
    );
  return command.action(async (reference: string, { to, list = false, remove }: ExportOptions) => {
    const wanted = [to, list || undefined, remove].filter((each) => each !== undefined);
    if (wanted.length > 1) command.error('error: --to, --list and --remove are different things: say one of them');
    const tenant = await findTenant(session, reference);
    if (list) return await listExports(session, tenant);
    if (remove !== undefined) return await removeExport(session, tenant, remove);
    await exportTenant(session, tenant, to);
  });
}

async function exportTenant(session: Session, { id, slug }: Tenant, to: string | undefined): Promise<void> {
  const control = await session.control();
  const place = to === undefined ? {} : await newFolder(resolve(session.terminal.workingDirectory, to), slug);
  const exported = await withProgress(
    session,
    { text: `Exporting ${slug}`, tenantId: async () => id },
    async (onProgress) => await control.exportTenant(id, commandLineActor(), { ...place, onProgress }),
  );
  printOne(session, exportJson(exported), () => sentence(session, `${slug} is exported to ${placeOf(exported)}: ${amount(exported)}.`));
}

/** Never one that is there: what is in the folder of an export is replaced. */
async function newFolder(parent: string, slug: string) {
  const moment = new Date().toISOString().replaceAll(/[^\dTZ]/g, '');
  return { store: await openBackupStore({ kind: 'folder', path: parent }), key: `${slug}-${moment}` };
}

async function listExports(session: Session, { id }: Tenant): Promise<void> {
  const exports = await (await session.control()).findExports(id);
  await printMany(session, [exports], { toJson: storedJson, columns, emptyText: 'There are no exports of it in the store.' });
}

async function removeExport(session: Session, { id }: Tenant, key: string): Promise<void> {
  const control = await session.control();
  const removed = await control.removeExport(id, key, commandLineActor());
  printOne(session, storedJson(removed), () => sentence(session, `The export ${key} is removed.`));
}

function placeOf({ store, key }: TenantExport): string {
  return `${store.replace(/\/$/, '')}/${key}`;
}

function amount({ manifest: { models } }: TenantExport): string {
  const rows = models.reduce((sum, model) => sum + model.rows, 0);
  const bytes = models.reduce((sum, model) => sum + model.bytes, 0);
  return `${models.length} models, ${rows} rows, ${formatBytes(bytes)}`;
}

function exportJson({ tenantId, store, key, checksum, manifest }: TenantExport): Json {
  const { schemaVersion, startedAt, finishedAt, models } = manifest;
  const listed = models.map(({ model, table, file, rows, bytes, sha256 }) => ({ model, table, file, rows, bytes, sha256 }));
  return { tenantId, store, key, checksum, schemaVersion, startedAt, finishedAt, models: listed };
}

function storedJson({ finishedAt, ...stored }: StoredExport): Json {
  return { ...stored, finishedAt: finishedAt && finishedAt.toISOString() };
}

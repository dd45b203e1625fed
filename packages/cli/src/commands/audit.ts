import { AuditOutcome } from '@tenantry/prisma/control';
import type { AuditEntry, AuditFilter, Catalog } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { formatInstant } from '../output/instant.ts';
import { printMany, remark, type Json } from '../output/print.ts';
import type { Column } from '../output/table.ts';
import type { Session } from '../session.ts';
import { choice } from './choice.ts';
import { examples } from './examples.ts';
import { limitOption, readPages } from './paging.ts';
import { findTenant } from './tenant-argument.ts';
import { parseTime, timeForms } from './time-option.ts';

interface AuditOptions extends Pick<AuditFilter, 'action' | 'subject' | 'outcome' | 'from' | 'to'> {
  readonly tenant?: string;
  readonly limit: number;
}

/** An entry with the slug of its tenant, if the catalog has it still. */
interface NamedEntry extends AuditEntry {
  readonly slug: string | null;
}

const columns: readonly Column<NamedEntry>[] = [
  { heading: 'AT', cell: ({ at }) => formatInstant(at) },
  { heading: 'ACTION', cell: ({ action }) => action, leastWidth: 18 },
  { heading: 'OUTCOME', cell: ({ outcome }) => outcome },
  { heading: 'TENANT', cell: ({ slug, tenantId }) => slug ?? tenantId, leastWidth: 8 },
  { heading: 'BY', cell: ({ subject }) => subject, leastWidth: 8 },
  { heading: 'FROM', cell: ({ origin }) => origin, isDispensable: true },
  { heading: 'DETAIL', cell: describeDetail, leastWidth: 20, isDispensable: true },
];

export function auditCommand(session: Session): Command {
  return new Command('audit')
    .description('Show who did what to which tenant, the newest first')
    .option('--tenant <tenant>', 'only what concerns it, by slug or id')
    .option('--action <action>', 'only this, such as tenant.suspend or tenant.impersonate')
    .option('--subject <subject>', 'only by them, to the letter')
    .addOption(choice(new Option('--outcome <outcome>', 'only what ended so'), AuditOutcome))
    .option('--from <time>', `only from then on, ${timeForms}`, parseTime)
    .option('--to <time>', 'only before then', parseTime)
    .addOption(limitOption())
    .addHelpText(
      'after',
      examples(
        ['what happened to one tenant', 'audit --tenant acme'],
        ['where operators looked, this week', 'audit --action tenant.impersonate --from 7d'],
        ['for another program', 'audit --outcome denied --limit all --json'],
      ),
    )
    .action(async (options: AuditOptions) => await showLog(session, options));
}

async function showLog(session: Session, { limit, tenant, ...conditions }: AuditOptions): Promise<void> {
  const catalog = session.catalog();
  const filter = { ...conditions, ...(tenant !== undefined && { tenantId: (await findTenant(session, tenant)).id }) };
  let shown = 0;
  const pages = readPages(limit, async (most, after: NamedEntry | undefined) => {
    const entries = await nameTenants(catalog, await catalog.listAudit({ limit: most, after, filter }));
    shown += entries.length;
    return entries;
  });
  await printMany(session, pages, { toJson, columns, emptyText: 'There are no such entries.' });
  if (shown === limit) remark(session, `The newest ${limit}; --limit all shows older ones, too.`);
}

async function nameTenants(catalog: Catalog, entries: readonly AuditEntry[]): Promise<NamedEntry[]> {
  const ids = [...new Set(entries.flatMap(({ tenantId }) => tenantId ?? []))];
  const slugs = new Map((await catalog.findTenants(ids)).map(({ id, slug }) => [id, slug]));
  return entries.map((entry) => ({ ...entry, slug: (entry.tenantId === null ? null : slugs.get(entry.tenantId)) ?? null }));
}

function toJson({ id, at, action, outcome, tenantId, slug, issuer, subject, origin, requestId, detail }: NamedEntry): Json {
  return { id, at: at.toISOString(), action, outcome, tenantId, tenant: slug, issuer, subject, origin, requestId, detail };
}

function describeDetail({ detail }: NamedEntry): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

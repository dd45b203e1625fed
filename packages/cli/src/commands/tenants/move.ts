import { TenantTier } from '@tenantry/prisma/control';
import type { MoveInput, MoveProgress, MoveReport, Tenant } from '@tenantry/tenant-control';
import { Command, Option } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { confirm } from '../../output/confirm.ts';
import { printOne, remark, sentence } from '../../output/print.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { choice } from '../choice.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { tenantJson } from '../tenant-presentation.ts';

interface MoveOptions extends Pick<MoveInput, 'tier' | 'way'> {
  readonly to: string;
  readonly confirm?: boolean;
}

interface YesOption {
  readonly yes?: boolean;
}

export function moveCommand(session: Session): Command {
  return new Command('move')
    .description('Move a tenant to another cluster while it is served; its requests wait for a moment only')
    .argument(...tenantArgument)
    .requiredOption('--to <cluster>', 'the Postgres server for its database')
    .addOption(choice(new Option('--tier <tier>', 'what it pays for from then on; default: as before'), TenantTier))
    .addOption(
      new Option('--way <way>', 'default: replication where it is possible, else a dump while its writes are paused').choices([
        'replication',
        'dump',
      ]),
    )
    .option('--confirm', 'drop the old database at once, so that there is no way back')
    .addHelpText(
      'after',
      examples(
        ['the old database is kept until confirm-move or revert-move', 'tenants move acme --to premium --tier premium'],
        ['and dropped at once', 'tenants move acme --to premium --confirm'],
      ),
    )
    .action(async (reference: string, { to: cluster, ...options }: MoveOptions) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      await doMove(session, { id, text: `Moving ${slug} to ${cluster}` }, async (onProgress) => {
        return await control.moveTenant(id, { cluster, ...options }, commandLineActor(), { onProgress });
      });
    });
}

export function confirmMoveCommand(session: Session): Command {
  return new Command('confirm-move')
    .description('Drop the database that a tenant has left by its last move')
    .argument(...tenantArgument)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples(['asks first', 'tenants confirm-move acme'], ['in a script', 'tenants confirm-move acme --yes']))
    .action(async (reference: string, { yes = false }: YesOption) => {
      const { id, slug, name } = await findTenant(session, reference);
      const warning = `This drops the database that the tenant ${slug} (${name}) has left: its move cannot be reverted then.`;
      await confirm(session, { warning, answer: slug, isGiven: yes });
      const control = await session.control();
      const tenant = await withProgress(session, { text: `Confirming the move of ${slug}`, tenantId: async () => id }, async () => {
        return await control.confirmMove(id, commandLineActor());
      });
      printOne(session, tenantJson(tenant), () =>
        sentence(session, `${slug} is on ${tenant.clusterName} for good: its old database is gone.`),
      );
    });
}

export function revertMoveCommand(session: Session): Command {
  return new Command('revert-move')
    .description('Move a tenant back to where it was before its last move, with all that was written since')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['after "tenants move acme --to premium"', 'tenants revert-move acme']))
    .action(async (reference: string) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      await doMove(session, { id, text: `Moving ${slug} back` }, async (onProgress) => {
        return await control.revertMove(id, commandLineActor(), { onProgress });
      });
    });
}

async function doMove(
  session: Session,
  { id, text }: { id: string; text: string },
  move: (onProgress: (progress: MoveProgress) => void) => Promise<Tenant>,
): Promise<void> {
  const tenant = await withProgress(session, { text, tenantId: async () => id }, async (onProgress) => {
    return await move(({ tables }) => void (tables && onProgress(tables)));
  });
  const [run] = await session.catalog().findLatestRuns([id], 1);
  const report = run?.move ?? null;
  printOne(session, { ...tenantJson(tenant), move: report }, () => sentence(session, `${tenant.slug} is on ${tenant.clusterName}.`));
  if (report) remark(session, remarkOn(report));
}

function remarkOn({ way, reason, pauseMs, rows, verifiedBy, isOpen, from }: MoveReport): string {
  const how = way === 'REPLICATION' ? 'By replication' : `By a dump (${reason})`;
  const check = verifiedBy === 'COUNTS' ? 'checksums before, counts then' : 'checksums';
  const left = isOpen ? ` The old database on ${from} is kept, closed: confirm-move drops it, revert-move goes back.` : '';
  return `${how}; requests waited ${pauseMs ?? 0} ms; ${rows ?? 0} rows compared by ${check}.${left}`;
}

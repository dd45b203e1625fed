import { Command } from 'commander';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';
import { deleteCommand } from './tenants/delete.ts';
import { hibernateCommand } from './tenants/hibernate.ts';
import { listCommand } from './tenants/list.ts';
import { confirmMoveCommand, moveCommand, revertMoveCommand } from './tenants/move.ts';
import { provisionCommand } from './tenants/provision.ts';
import { purgeCommand } from './tenants/purge.ts';
import { renameCommand } from './tenants/rename.ts';
import { restoreCommand } from './tenants/restore.ts';
import { resumeCommand, suspendCommand } from './tenants/suspension.ts';
import { showCommand } from './tenants/show.ts';
import { tierCommand } from './tenants/tier.ts';
import { wakeCommand } from './tenants/wake.ts';

const parts = [
  listCommand,
  showCommand,
  provisionCommand,
  renameCommand,
  tierCommand,
  moveCommand,
  confirmMoveCommand,
  revertMoveCommand,
  suspendCommand,
  resumeCommand,
  hibernateCommand,
  wakeCommand,
  deleteCommand,
  restoreCommand,
  purgeCommand,
];

export function tenantsCommand(session: Session): Command {
  const command = new Command('tenants')
    .description('See, make and change tenants')
    .addHelpText(
      'after',
      examples(['every tenant', 'tenants list'], ['a tenant that can be used at once', 'tenants provision acme --name "Acme Corporation"']),
    );
  for (const create of parts) command.addCommand(create(session));
  return command;
}

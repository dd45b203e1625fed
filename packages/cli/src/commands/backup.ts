import { Command } from 'commander';
import type { Session } from '../session.ts';
import { createCommand } from './backup/create.ts';
import { listCommand } from './backup/list.ts';
import { removeCommand } from './backup/remove.ts';
import { restoreCommand } from './backup/restore.ts';
import { showCommand } from './backup/show.ts';
import { verifyCommand } from './backup/verify.ts';
import { examples } from './examples.ts';

const parts = [createCommand, listCommand, showCommand, verifyCommand, restoreCommand, removeCommand];

export function backupCommand(session: Session): Command {
  const command = new Command('backup')
    .description("Back up tenants' databases, and use what was backed up")
    .addHelpText('after', examples(['while the tenant is in use', 'backup create acme'], ['what there is', 'backup list acme']));
  for (const create of parts) command.addCommand(create(session));
  return command;
}

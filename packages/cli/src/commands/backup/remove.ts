import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { confirm } from '../../output/confirm.ts';
import { formatInstant } from '../../output/instant.ts';
import { printOne, sentence } from '../../output/print.ts';
import type { Session } from '../../session.ts';
import { findBackupWithTenant } from '../backup-argument.ts';
import { backupArgument, backupJson } from '../backup-presentation.ts';
import { examples } from '../examples.ts';

interface RemoveOptions {
  readonly yes?: boolean;
}

export function removeCommand(session: Session): Command {
  return new Command('remove')
    .description("Remove a backup's files for good")
    .argument(...backupArgument)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples(['asks first', 'backup remove 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d']))
    .action(async (id: string, { yes = false }: RemoveOptions) => {
      const { backup, tenant } = await findBackupWithTenant(session, id);
      const warning = `This removes the backup of ${tenant.slug} of ${formatInstant(backup.startedAt)} for good.`;
      await confirm(session, { warning, answer: tenant.slug, isGiven: yes });
      const control = await session.control();
      const removed = await control.removeBackup(id, commandLineActor());
      printOne(session, backupJson(removed), () => sentence(session, `The backup ${removed.id} is removed.`));
    });
}

import { Command } from 'commander';
import { printOne } from '../../output/print.ts';
import type { Session } from '../../session.ts';
import { findBackup } from '../backup-argument.ts';
import { backupArgument, backupCard, backupJson } from '../backup-presentation.ts';
import { examples } from '../examples.ts';

export function showCommand(session: Session): Command {
  return new Command('show')
    .description('Show what the catalog has on a backup')
    .argument(...backupArgument)
    .addHelpText('after', examples(['where it is, and whether it was verified', 'backup show 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d']))
    .action(async (id: string) => {
      const backup = await findBackup(session, id);
      printOne(session, backupJson(backup), () => backupCard(backup));
    });
}

import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { printOne, sentence } from '../../output/print.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { findBackup } from '../backup-argument.ts';
import { backupArgument, backupJson } from '../backup-presentation.ts';
import { examples } from '../examples.ts';

export function verifyCommand(session: Session): Command {
  return new Command('verify')
    .description('Restore a backup into a database made for that, compare, and drop it')
    .argument(...backupArgument)
    .addHelpText('after', examples(['exits with 73 when it is damaged', 'backup verify 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d']))
    .action(async (id: string) => {
      const { tenantId } = await findBackup(session, id);
      const control = await session.control();
      const backup = await withProgress(
        session,
        { text: 'Restoring and comparing', tenantId: async () => tenantId },
        async (onProgress) => await control.verifyBackup(id, commandLineActor(), { onProgress }),
      );
      printOne(session, backupJson(backup), () => sentence(session, 'The backup gives back what was backed up.'));
    });
}

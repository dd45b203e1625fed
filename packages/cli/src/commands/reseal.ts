import type { Resealing } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { commandLineActor } from '../actor.ts';
import { UnopenablePasswordsError } from '../errors.ts';
import { printOne, sentence } from '../output/print.ts';
import { withProgress } from '../output/progress.ts';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';

export function resealCommand(session: Session): Command {
  return new Command('reseal')
    .description('Seal every kept password by the first key of CREDENTIALS_KEY, so that the others can go')
    .addHelpText('after', examples(['once every process has the new key first; again, until nothing is left', 'reseal']))
    .action(async () => {
      const control = await session.control();
      const result = await withProgress(
        session,
        { text: 'Sealing passwords anew', tenantId: async () => null },
        async () => await control.resealCredentials(commandLineActor()),
      );
      printOne(session, { ...result }, () => sentence(session, describe(result)));
      if (result.unopenable.length > 0) throw new UnopenablePasswordsError(result.unopenable);
    });
}

function describe({ resealed, alreadyCurrent }: Resealing): string {
  return `Sealed anew: ${resealed}. By the first key already: ${alreadyCurrent}.`;
}

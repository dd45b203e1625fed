import { Command } from 'commander';
import { commandLineActor } from '../actor.ts';
import { withProgress } from '../output/progress.ts';
import type { Session } from '../session.ts';
import { examples } from './examples.ts';
import { findTenant, tenantArgument } from './tenant-argument.ts';
import { printChanged } from './tenant-presentation.ts';

interface RotateOptions {
  readonly atOnce?: boolean;
}

export function rotateCommand(session: Session): Command {
  return new Command('rotate')
    .description("Give a tenant's database a new password; no request fails of it")
    .argument(...tenantArgument)
    .option('--at-once', 'cut connections with the old one at once, for a password that somebody else knows')
    .addHelpText(
      'after',
      examples(['as one does from time to time', 'rotate acme'], ['somebody else has the password', 'rotate acme --at-once']),
    )
    .action(async (reference: string, { atOnce = false }: RotateOptions) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      const rotate = async () => await control.rotateCredentials(id, commandLineActor(), { atOnce });
      printChanged(
        session,
        await withProgress(session, { text: `Rotating the password of ${slug}`, tenantId: async () => id }, rotate),
        `${slug} has a new password.`,
      );
    });
}

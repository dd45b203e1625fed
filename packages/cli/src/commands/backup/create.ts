import { Command, Option } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { printOne, sentence } from '../../output/print.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { backupCard, backupJson } from '../backup-presentation.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';

interface CreateOptions {
  readonly format: 'copy' | 'pg_dump';
}

export function createCommand(session: Session): Command {
  return new Command('create')
    .description('Back up a tenant, as it is at one moment, while it is used')
    .argument(...tenantArgument)
    .addOption(
      new Option('--format <format>', 'copy needs nothing but a connection; pg_dump a client on the PATH as new as the server')
        .choices(['copy', 'pg_dump'])
        .default('copy'),
    )
    .addHelpText(
      'after',
      examples(['kept until somebody removes it', 'backup create acme'], ['its id, for a script', 'backup create acme --json | jq -r .id']),
    )
    .action(async (reference: string, { format }: CreateOptions) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      const backup = await withProgress(
        session,
        { text: `Backing up ${slug}`, tenantId: async () => id },
        async (onProgress) => await control.backUpTenant(id, commandLineActor(), { format, onProgress }),
      );
      printOne(session, backupJson(backup), () => sentence(session, `${slug} is backed up.`) + backupCard(backup));
    });
}

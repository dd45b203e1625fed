import { Command, Option } from 'commander';
import { commandLineActor } from '../../actor.ts';
import { withProgress } from '../../output/progress.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

interface HibernateOptions {
  readonly keep?: 'closed' | 'dropped';
}

export function hibernateCommand(session: Session): Command {
  return new Command('hibernate')
    .description('Put a tenant to sleep that is not in use; its next request wakes it')
    .argument(...tenantArgument)
    .addOption(
      new Option('--keep <how>', 'what becomes of its database: closed to everybody (default), or dropped after a final backup').choices([
        'closed',
        'dropped',
      ]),
    )
    .addHelpText(
      'after',
      examples(
        ['the database stays, and nobody can connect', 'tenants hibernate acme'],
        ['a backup stays, and takes up less', 'tenants hibernate acme --keep dropped'],
      ),
    )
    .action(async (reference: string, { keep }: HibernateOptions) => {
      const { id, slug } = await findTenant(session, reference);
      const control = await session.control();
      const hibernate = async () => await control.hibernateTenant(id, commandLineActor(), keep ? { keep } : {});
      printChanged(
        session,
        await withProgress(session, { text: `Putting ${slug} to sleep`, tenantId: async () => id }, hibernate),
        `${slug} is HIBERNATED: a request wakes it.`,
      );
    });
}

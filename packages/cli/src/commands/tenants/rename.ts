import { Command } from 'commander';
import { commandLineActor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import { examples } from '../examples.ts';
import { findTenant, tenantArgument } from '../tenant-argument.ts';
import { printChanged } from '../tenant-presentation.ts';

interface RenameOptions {
  readonly slug?: string;
  readonly name?: string;
}

export function renameCommand(session: Session): Command {
  const command = new Command('rename')
    .description("Change a tenant's slug or name, or both")
    .argument(...tenantArgument)
    .option('--slug <slug>', 'what it is reached by from now on')
    .option('--name <name>', 'what people call it from now on')
    .addHelpText(
      'after',
      examples(
        ['what people call it', 'tenants rename acme --name "Acme Group"'],
        ['what it is reached by', 'tenants rename acme --slug acme-group'],
      ),
    );
  return command.action(async (reference: string, { slug, name }: RenameOptions) => {
    if (slug === undefined && name === undefined) command.error('error: say what to change: --slug, --name, or both');
    const { id, slug: before } = await findTenant(session, reference);
    const control = await session.control();
    const changes = { ...(slug !== undefined && { slug }), ...(name !== undefined && { name }) };
    const tenant = await control.renameTenant(id, changes, commandLineActor());
    printChanged(session, tenant, `${before} is ${tenant.slug} now, "${tenant.name}".`);
  });
}

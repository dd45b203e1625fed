import { Command } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { backupCommand } from './commands/backup.ts';
import { certificateCommand } from './commands/certificate.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eraseCommand } from './commands/erase.ts';
import { exportCommand } from './commands/export.ts';
import { jobsCommand } from './commands/jobs.ts';
import { resealCommand } from './commands/reseal.ts';
import { rotateCommand } from './commands/rotate.ts';
import { runsCommand } from './commands/runs.ts';
import { tenantsCommand } from './commands/tenants.ts';
import { tokenCommand } from './commands/token.ts';
import { workerCommand } from './commands/worker.ts';
import { exitStatusHelp } from './exit-status.ts';
import type { GlobalOptions, Session } from './session.ts';
import { isColourful, paint } from './terminal.ts';

const environmentHelp = `Environment (the tenants subgraph's own; a file by NAME_FILE):
  CONTROL_DATABASE_URL  the catalog; enough to look at things
  TENANT_CLUSTERS       to change them: the clusters' administrators
  CREDENTIALS_KEY       to change them: the key of the tenants' passwords
  BACKUP_STORE          for backups and exports: where they are kept
  REDIS_URL             if the services use Redis
Without these, it is the development stack that runs from .tenantry
(npx pnpm start).`;

/** In the order in which the first page of help has them. */
const commands = [
  tenantsCommand,
  backupCommand,
  exportCommand,
  eraseCommand,
  certificateCommand,
  rotateCommand,
  resealCommand,
  auditCommand,
  runsCommand,
  jobsCommand,
  doctorCommand,
  workerCommand,
  tokenCommand,
];

/** Helps a terminal that says no width of its own. */
const usualWidth = 80;

/** The whole command, every part of which writes to the session's terminal and exits by throwing. */
export function createProgram(session: Session): Command {
  const program = withSettings(new Command('tenantry'), 'tenantry', session)
    .description('Looks after the tenants of an installation of Tenantry.')
    .option('--json', 'write JSON: a document, or for lists a line each (NDJSON)')
    .option('--verbose', 'say on standard error what happens, and of an error all that is known')
    .option('--data <folder>', 'take the development stack that runs from this folder (pnpm start --data)')
    .addHelpText('after', `\n${environmentHelp}\n\n${exitStatusHelp}`)
    .hook('preAction', (_program, command) => {
      session.options = command.optsWithGlobals<GlobalOptions>();
    });
  for (const create of commands) {
    program.addCommand(settle(create(session), program.name(), session));
  }
  return program;
}

/** Commander's settings are each command's own. @param parent how the command above is called */
function settle(command: Command, parent: string, session: Session): Command {
  const call = `${parent} ${command.name()}`;
  for (const part of command.commands) settle(part, call, session);
  return withSettings(command, call, session);
}

function withSettings(command: Command, call: string, { terminal: { stdout, stderr, environment } }: Session): Command {
  return command
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(`See: ${call} --help`)
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => paint('bold', title, stdout, environment) })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? usualWidth,
      getErrHelpWidth: () => stderr.columns ?? usualWidth,
      getOutHasColors: () => isColourful(stdout, environment),
      getErrHasColors: () => isColourful(stderr, environment),
    });
}

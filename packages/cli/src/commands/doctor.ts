import type { Diagnosis, Severity } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { TroubleError } from '../errors.ts';
import { printMany, remark, type Json } from '../output/print.ts';
import { withProgress } from '../output/progress.ts';
import { printable } from '../output/printable.ts';
import type { Session } from '../session.ts';
import { paint } from '../terminal.ts';
import { examples } from './examples.ts';

interface DoctorOptions {
  readonly fix?: boolean;
}

const colours = { error: 'red', warning: 'yellow', info: 'dim' } as const satisfies Record<Severity, string>;

export function doctorCommand(session: Session): Command {
  return new Command('doctor')
    .description('Check the catalog against what is on the clusters')
    .option('--fix', 'mend what needs no decision')
    .addHelpText(
      'after',
      examples(
        ['what is wrong, if anything; exits with 1 for an error', 'doctor'],
        ['drop what is left over, take up what was left undone', 'doctor --fix'],
        ['for scripts', 'doctor --json'],
      ),
    )
    .action(async ({ fix = false }: DoctorOptions) => {
      const control = await session.control();
      const text = fix ? 'Examining and mending' : 'Examining';
      const diagnoses = await withProgress(session, { text, tenantId: async () => null }, async () => await control.examine({ fix }));
      await print(session, diagnoses);
      const errors = diagnoses.filter(({ severity, outcome }) => severity === 'error' && outcome !== 'fixed');
      if (errors.length > 0) throw new TroubleError(errors.length);
    });
}

async function print(session: Session, diagnoses: readonly Diagnosis[]): Promise<void> {
  if (session.options.json) {
    await printMany(session, [diagnoses], { toJson: diagnosisJson, columns: [], emptyText: '' });
    return;
  }
  for (const diagnosis of diagnoses) session.terminal.stdout.write(describe(diagnosis, session));
  const fixable = diagnoses.filter(({ isFixable, outcome }) => isFixable && outcome === 'found').length;
  if (diagnoses.length === 0) remark(session, 'All is well.');
  else if (fixable > 0) remark(session, `${fixable} of these can be mended: tenantry doctor --fix`);
}

/** What is wrong, and under it what to do about it. */
function describe({ severity, message, remedy, outcome }: Diagnosis, { terminal: { stdout, environment } }: Session): string {
  const label = paint(colours[severity], severity.padEnd(7), stdout, environment);
  const consequence = { found: remedy, fixed: 'Mended.', 'fix-failed': `Could not be mended: ${remedy}` }[outcome];
  return `${label}  ${printable(message)}\n         ${paint('dim', printable(consequence), stdout, environment)}\n`;
}

function diagnosisJson({ severity, kind, cluster, tenantId, message, remedy, outcome, isFixable }: Diagnosis): Json {
  return { severity, kind, cluster, tenantId, message, remedy, outcome, isFixable };
}

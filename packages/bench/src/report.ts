import type { Machine } from './machine.ts';
import type { RunOptions } from './scenario.ts';
import type { NamedResult } from './suite.ts';
import { formatTable } from './table.ts';

/** A whole run, as it is written to JSON. */
export interface RunReport {
  suite: string;
  startedAt: string;
  machine: Machine;
  options: RunOptions;
  scenarios: NamedResult[];
}

export function formatMachine({ cpu, cores, memoryGb, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return `${cores} × ${cpu}, ${memoryGb} GB · Node ${node} · ${versions.join(' · ')}`;
}

export function formatResult({ name, title, seconds, rows, notes }: NamedResult): string {
  const references = [...new Set(rows.flatMap(({ ratio }) => ratio?.to ?? []))];
  const ofRows = rows.flatMap(({ figure, contender, note }) => (note === undefined ? [] : `${figure}, ${contender}: ${note}`));
  const remarks = [...notes, ...references.map((reference) => `Ratio: to ${reference}.`), ...ofRows];
  return [
    `\n### ${name}: ${title}\n`,
    formatTable(rows),
    '',
    ...remarks.map((remark) => `- ${remark}`),
    `- Took ${seconds.toFixed(0)} s.`,
  ].join('\n');
}

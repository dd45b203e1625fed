import type { Session } from '../session.ts';
import { isColourful, paint } from '../terminal.ts';
import { printable } from './printable.ts';
import { formatTable, type Column } from './table.ts';

/** What JSON is made of; the shape of a command's output is part of its contract. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One thing: a JSON document with `--json`, else what `text` makes of it. */
export function printOne({ terminal, options }: Session, json: Json, text: () => string): void {
  terminal.stdout.write(options.json ? `${JSON.stringify(json, null, 2)}\n` : text());
}

export interface List<Row> {
  readonly toJson: (row: Row) => Json;
  readonly columns: readonly Column<Row>[];
  /** Said when there are none, where people read it. */
  readonly emptyText: string;
}

/** Many things: a line of JSON each (NDJSON) with `--json`, else a table. */
export async function printMany<Row>(
  { terminal: { stdout, stderr, environment }, options }: Session,
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  { toJson, columns, emptyText }: List<Row>,
): Promise<void> {
  if (options.json) {
    for await (const rows of pages) for (const row of rows) stdout.write(`${JSON.stringify(toJson(row))}\n`);
    return;
  }
  const rows: Row[] = [];
  for await (const page of pages) rows.push(...page);
  const width = stdout.isTTY ? stdout.columns : undefined;
  const styleHeading = (text: string) => paint('bold', text, stdout, environment);
  if (rows.length > 0) stdout.write(formatTable(rows, columns, { width, styleHeading }));
  else stderr.write(`${emptyText}\n`);
}

/** A remark beside the output, for people. */
export function remark({ terminal: { stderr, environment }, options }: Session, text: string): void {
  if (!options.json) stderr.write(`${paint('dim', text, stderr, environment)}\n`);
}

/** A sentence that says what was done. */
export function sentence({ terminal: { stdout, environment } }: Session, text: string): string {
  return `${isColourful(stdout, environment) ? `${paint('green', '✓', stdout, environment)} ` : ''}${printable(text)}\n`;
}

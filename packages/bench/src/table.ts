import type { Row } from './scenario.ts';

const headings = ['figure', 'contender', 'measured', 'ratio', 'target', 'verdict'];

/** A Markdown table, aligned so that it also reads well on a terminal. Rows of one figure stand together, in their order. */
export function formatTable(rows: readonly Row[]): string {
  const byFigure = [...Map.groupBy(rows, ({ figure }) => figure).values()].flat();
  const cells = [headings, ...byFigure.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => padded(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${isNumeric(column) ? ':' : '-'}`).join('|')}|`;
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join('\n');
}

function cellsOf({ figure, contender, value, unit, ratio, target }: Row): string[] {
  return [
    figure,
    contender,
    value === null ? 'none' : `${formatNumber(value)}${unit === '' ? '' : ` ${unit}`}`,
    ratio ? formatNumber(ratio.value) : '',
    target?.text ?? '',
    target ? (target.isMet ? 'met' : 'MISSED') : '',
  ].map((cell) => cell.replaceAll('|', '/').replaceAll(/\s+/g, ' '));
}

const isNumeric = (column: number) => headings[column] === 'measured';

function padded(cell: string, width: number, column: number): string {
  return isNumeric(column) ? cell.padStart(width) : cell.padEnd(width);
}

/** Three digits that mean something, thousands set apart. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en', Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

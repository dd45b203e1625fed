import stringWidth from 'string-width';
import { printable } from './printable.ts';

export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string | null;
  /** Where the terminal is narrow, cells are cut off to no fewer characters than these. Default: they are not. */
  readonly leastWidth?: number;
  /** Left out where the terminal is too narrow even so. */
  readonly isDispensable?: boolean;
}

export interface TableOptions {
  /** Characters that a line may have; absent: as many as it takes. */
  readonly width?: number | undefined;
  readonly styleHeading?: (text: string) => string;
}

/** The cells of a column, its heading first, and how wide they are. */
interface Strip {
  readonly cells: readonly string[];
  /** Of the widest cell. */
  readonly natural: number;
  readonly least: number;
  readonly isDispensable: boolean;
}

const gap = '  ';
const absent = '–';

/** Rows under headings, aligned by what a terminal shows of them; nothing but spaces between columns. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions = {}): string {
  const { width = Infinity, styleHeading = (text) => text } = options;
  const strips = choose(
    columns.map((column) => toStrip(rows, column)),
    width,
  );
  const widths = fit(strips, width);
  const lines = Array.from({ length: rows.length + 1 }, (_, line) =>
    strips
      .map(({ cells }, column) => padded(cells[line] ?? '', widths[column] ?? 0))
      .join(gap)
      .trimEnd(),
  );
  const [heading = '', ...body] = lines;
  return [styleHeading(heading), ...body].map((line) => `${line}\n`).join('');
}

function toStrip<Row>(rows: readonly Row[], { heading, cell, leastWidth, isDispensable = false }: Column<Row>): Strip {
  const cells = [heading, ...rows.map((row) => printable(cell(row) ?? absent))];
  const natural = Math.max(...cells.map((each) => stringWidth(each)));
  return { cells, natural, least: Math.min(natural, leastWidth ?? natural), isDispensable };
}

/** Leaves columns out, from the right, until the others fit or none can be spared. */
function choose(strips: readonly Strip[], width: number): readonly Strip[] {
  if (lineWidth(strips.map(({ least }) => least)) <= width) return strips;
  const spared = strips.findLastIndex(({ isDispensable }) => isDispensable);
  return spared < 0 ? strips : choose(strips.toSpliced(spared, 1), width);
}

/** Takes from the widest column that can give, a character at a time, until a line fits or none can. */
function fit(strips: readonly Strip[], width: number): number[] {
  const widths = strips.map(({ natural }) => natural);
  while (lineWidth(widths) > width) {
    const giving = strips.flatMap(({ least }, column) => ((widths[column] ?? 0) > least ? [column] : []));
    const [widest] = giving.toSorted((left, right) => (widths[right] ?? 0) - (widths[left] ?? 0));
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1));
}

function padded(cell: string, width: number): string {
  const shown = stringWidth(cell) <= width ? cell : cutOff(cell, width);
  return shown + ' '.repeat(Math.max(0, width - stringWidth(shown)));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function cutOff(cell: string, width: number): string {
  let shown = '';
  for (const { segment } of graphemes.segment(cell)) {
    if (stringWidth(shown + segment) > width - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

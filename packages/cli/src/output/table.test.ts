import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { formatTable, type Column } from './table.ts';

interface Thing {
  readonly name: string;
  readonly note: string | null;
}

const columns: readonly Column<Thing>[] = [
  { heading: 'NAME', cell: ({ name }) => name, leastWidth: 6 },
  { heading: 'NOTE', cell: ({ note }) => note, leastWidth: 8, isDispensable: true },
];
const things: readonly Thing[] = [
  { name: 'acme', note: null },
  { name: 'a longer name', note: 'a note that goes on' },
];

describe('a table', () => {
  test('is as wide as it has to be where nothing limits it', () => {
    expect(formatTable(things, columns)).toBe(`NAME           NOTE\nacme           –\na longer name  a note that goes on\n`);
  });

  test('is cut off, the widest column first, to what a terminal has', () => {
    expect(formatTable(things, columns, { width: 24 })).toBe(`NAME         NOTE\nacme         –\na longer n…  a note tha…\n`);
  });

  test('leaves out what does not fit even so', () => {
    expect(formatTable(things, columns, { width: 12 })).toBe(`NAME\nacme\na longer na…\n`);
  });

  test('is wider than the terminal rather than unreadable', () => {
    expect(formatTable(things, columns, { width: 3 })).toBe(`NAME\nacme\na lon…\n`);
  });

  test.each([
    ['wide', '株式会社アクメ'],
    ['composed', 'Zoë'.normalize('NFD').repeat(5)],
    ['of families', '👩‍👩‍👧 and 👩‍👩‍👧 and others'],
  ])('is aligned by what %s characters take up', (_what, name) => {
    const [, cut = '', full = ''] = formatTable(
      [
        { name, note: 'x' },
        { name: 'b', note: 'x' },
      ],
      columns,
      { width: 16 },
    ).split('\n');
    expect(stringWidth(cut.slice(0, cut.lastIndexOf('x')))).toBe(stringWidth(full.slice(0, full.lastIndexOf('x'))));
    expect(stringWidth(cut)).toBeLessThanOrEqual(16);
  });

  test('shows what a terminal would obey', () => {
    const [, line] = formatTable([{ name: 'red \u001B[31m\nnext\u202E', note: '' }], columns).split('\n');
    expect(line).toBe(String.raw`red \u{1b}[31m\u{a}next\u{202e}`);
  });

  test('has its heading in the style that it is given, and nothing else', () => {
    const table = formatTable(things, columns, { styleHeading: (text) => `<${text}>` });
    expect(table.match(/<.*>/g)).toEqual(['<NAME           NOTE>']);
  });
});

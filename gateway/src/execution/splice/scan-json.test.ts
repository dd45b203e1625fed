import {
  constant,
  constantFrom,
  double,
  integer,
  jsonValue,
  nat,
  oneof,
  property,
  string,
  tuple,
  assert as assertProperty,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { LeafKind } from '../shape/response-shape.ts';
import { isLeafValue } from '../shape/leaf-values.ts';
import { endOfLeaf, none } from './scan-json.ts';

const leaves: LeafKind[] = [
  { kind: 'String' },
  { kind: 'ID' },
  { kind: 'Int' },
  { kind: 'Float' },
  { kind: 'Boolean' },
  { kind: 'any' },
  { kind: 'enum', values: new Set(['RED', 'GREEN']) },
];

/** What comes after a value in an answer. */
const after = ',"next":1}';

test('every end that is found is that of a value which a parser reads as one of that type, and writes in the same way', () => {
  const values = oneof(jsonValue(), string({ unit: 'binary' }), double(), integer(), constantFrom('RED', 'BLUE'));
  const damage = oneof(
    constant(null),
    tuple(
      nat(),
      integer({ min: 0, max: 127 }).map((code) => String.fromCodePoint(code)),
    ),
  );
  const found = new Set<string>();
  assertProperty(
    property(values, damage, constantFrom(...leaves), (value, spoilt, leaf) => {
      const text = JSON.stringify(value);
      const damaged = spoilt ? replaced(text, spoilt[0] % text.length, spoilt[1]) : text;
      const end = endOfLeaf(Buffer.from(damaged + after), 0, leaf);
      if (end === none) return;
      const bytes = Buffer.from(damaged + after).subarray(0, end);
      const parsed: unknown = JSON.parse(bytes.toString());
      expect(isLeafValue(parsed, leaf)).toBe(true);
      expect(JSON.parse(JSON.stringify(parsed))).toStrictEqual(parsed);
      found.add(leaf.kind);
    }),
    { numRuns: 2000 },
  );
  expect([...found].toSorted()).toEqual(leaves.map(({ kind }) => kind).toSorted());
});

test.each([
  ['String', '"a \\" b \\u00e9 \\n"'],
  ['String', '"“é” 🙂"'],
  ['String', '""'],
  ['ID', '"17"'],
  ['ID', '17'],
  ['Int', '0'],
  ['Int', '-42'],
  ['Int', '999999999999999'],
  ['Float', '3'],
  ['Float', '-0.25'],
  ['Float', '1250.5'],
  ['Boolean', 'true'],
  ['Boolean', 'false'],
  ['any', '{"a":[1,{"b":null},"c"],"d":{}}'],
  ['any', '[]'],
] as const)('%s: the end of %s is found', (kind, text) => {
  expect(endOfLeaf(Buffer.from(text + after), 0, { kind })).toBe(Buffer.byteLength(text));
});

test.each([
  ['String', '"a\nb"', 'a line within'],
  ['String', '"a', 'no end'],
  ['String', '"\\x"', 'an escape that is none'],
  ['String', '"\\u12g4"', 'four digits that are none'],
  ['String', 'null', 'null'],
  ['Int', '01', 'a zero before'],
  ['Int', '-0', 'minus zero, which parsers write as zero'],
  ['Int', '1.0', 'a fraction'],
  ['Int', '1e3', 'an exponent'],
  ['Int', '9007199254740993', 'more digits than a number holds'],
  ['Int', '-', 'no digits'],
  ['Float', '1e400', 'more than any number'],
  ['Float', '1.', 'no fraction'],
  ['Float', '.5', 'nothing before the point'],
  ['Float', '1.5.2', 'two points'],
  ['Boolean', 'tru', 'no end'],
  ['any', '[1,]', 'a comma too many'],
  ['any', '{"a" :1}', 'a space'],
  ['any', `${'['.repeat(100)}${']'.repeat(100)}`, 'more within each other than is followed'],
] as const)('%s: %s is left to a parser (%s)', (kind, text, _reason) => {
  expect(endOfLeaf(Buffer.from(text), 0, { kind })).toBe(none);
});

function replaced(text: string, place: number, character: string): string {
  return text.slice(0, place) + character + text.slice(place + 1);
}

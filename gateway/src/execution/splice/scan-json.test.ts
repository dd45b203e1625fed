import { constantFrom, double, integer, jsonValue, nat, oneof, property, string, tuple, assert as assertProperty } from 'fast-check';
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
  const written = values.map((value) => JSON.stringify(value));
  const damage = tuple(
    nat(),
    integer({ min: 0, max: 127 }).map((code) => String.fromCodePoint(code)),
  );
  const damaged = tuple(written, damage).map(([text, [place, character]]) => replaced(text, place % text.length, character));
  const noise = string({ unit: constantFrom(...'{ } [ ] " , : \\ u 0 1 . - e E n t r f a l s'.split(' '), ' '), maxLength: 8 });
  const found = new Set<string>();
  assertProperty(
    property(oneof(written, damaged, noise), (text) => {
      const bytes = Buffer.from(text + after);
      for (const leaf of leaves) {
        const end = endOfLeaf(bytes, 0, leaf);
        if (end === none) continue;
        const parsed: unknown = JSON.parse(bytes.toString('utf8', 0, end));
        expect(isLeafValue(parsed, leaf)).toBe(true);
        expect(JSON.parse(JSON.stringify(parsed))).toStrictEqual(parsed);
        found.add(leaf.kind);
      }
    }),
    { numRuns: 1000 },
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
  ['Float', '-100.0'],
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
  ['Float', '-0', 'minus zero'],
  ['Float', '-0.00', 'minus zero with a fraction'],
  ['Float', `-0.${'0'.repeat(400)}1`, 'what parsers take for minus zero'],
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

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamParser, type StreamedEvent } from './event-stream-parser.ts';

function parse(text: string, cuts: readonly number[] = []): StreamedEvent[] {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((one, other) => one - other), bytes.length];
  const parser = new EventStreamParser(10_000);
  return places.slice(1).flatMap((place, index) => parser.push(bytes.subarray(places[index], place)));
}

describe('an event stream', () => {
  test.each<[string, string, [string, string][]]>([
    ['an event', 'event: next\ndata: {"a":1}\n\n', [['next', '{"a":1}']]],
    ['an event without a type', 'data: x\n\n', [['message', 'x']]],
    ['data of several lines', 'data: a\ndata\ndata:b\n\n', [['message', 'a\n\nb']]],
    ['one space that is left out, and others that are not', 'data:  a \n\n', [['message', ' a ']]],
    ['an event without data', 'event: complete\n\n', [['complete', '']]],
    ['an event with no data to speak of', 'event: complete\ndata:\n\n', [['complete', '']]],
    ['comments and other fields', ':\n\n: alive\n\nid: 1\nretry: 5\nother\ndata: x\nid: 2\n\n:\n\n', [['message', 'x']]],
    ['an event that does not end', 'data: x\n\ndata: y\n', [['message', 'x']]],
    [
      'a byte order mark',
      '\uFEFFdata: x\n\n\uFEFFdata: y\n\ndata: z\n\n',
      [
        ['message', 'x'],
        ['message', 'z'],
      ],
    ],
    [
      'all ways to end a line',
      'data: a\r\rdata: b\r\n\r\ndata: c\n\rdata: d\r\n\n',
      [
        ['message', 'a'],
        ['message', 'b'],
        ['message', 'c'],
        ['message', 'd'],
      ],
    ],
    [
      'a type that holds for one event only',
      'event: next\ndata: a\n\ndata: b\n\n',
      [
        ['next', 'a'],
        ['message', 'b'],
      ],
    ],
  ])('with %s', (_what, text, expected) => {
    expect(parse(text).map(({ type, data }) => [type, data])).toEqual(expected);
  });

  test('is read the same, wherever it is cut', () => {
    const piece = fc.constantFrom(
      'data',
      'event',
      ':',
      ': ',
      ' ',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      'next',
      'é😀',
      '\uFEFF',
      '{"a":1}',
      'data: x\n\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 20 }), (pieces, cuts) => {
        expect(parse(pieces.join(''), cuts)).toEqual(parse(pieces.join('')));
      }),
    );
  });

  test.each([
    ['in one line', 'data: ', 'x'],
    ['in many lines', '', 'data: xxxx\n'],
  ])('with an event that is too long %s is refused before it has all come', (_where, start, more) => {
    const parser = new EventStreamParser(1000);
    parser.push(Buffer.from(start));
    expect(() => {
      for (let turn = 0; turn < 2000; turn++) parser.push(Buffer.from(more));
    }).toThrow(RangeError);
  });

  test('may go on for ever', () => {
    const parser = new EventStreamParser(100);
    const count = (chunk: string) => parser.push(Buffer.from(chunk)).length;
    for (let turn = 0; turn < 1000; turn++) expect(count(':\n\n: still here\nid: 1\n') + count('event: next\ndata: {"a":1}\n\n')).toBe(1);
  });
});

import type { LeafKind } from '../shape/response-shape.ts';

/**
 * Finds where JSON values end (RFC 8259), of the few spellings that JSON writers use: whatever else there may be is for a parser to read.
 * All functions take the place where a value is to begin and give the place after it, or {@link none}. Places after the last byte hold
 * nothing, so that an end which comes too early is found, too.
 */
export const none = -1;

export const byteOf = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openList: 0x5b,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

const [backslash, minus, point, zero, nine] = [0x5c, 0x2d, 0x2e, 0x30, 0x39];
const firstPrintable = 0x20;

const nullText = textBytes('null');
const trueText = textBytes('true');
const falseText = textBytes('false');

/** Digits that a number surely holds exactly. */
const safeDigits = 15;

/** A number's least exponent is -324. */
const mostFractionDigits = 300;

/** Values within values of a custom scalar, beyond which they are left to a parser. */
const mostNested = 64;

export function textBytes(text: string): Uint8Array {
  return Buffer.from(text);
}

export function endOfText(bytes: Uint8Array, start: number, expected: Uint8Array): number {
  const { length } = expected;
  for (let index = 0; index < length; index++) if (bytes[start + index] !== expected[index]) return none;
  return start + length;
}

export function endOfNull(bytes: Uint8Array, start: number): number {
  return endOfText(bytes, start, nullText);
}

/** Of a string whose bytes are known to be UTF-8. */
function endOfString(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== byteOf.quote) return none;
  let place = start + 1;
  for (;;) {
    while (isPlain[bytes[place]!] === 1) place++;
    if (bytes[place] === byteOf.quote) return place + 1;
    if (bytes[place] !== backslash) return none;
    place = endOfEscape(bytes, place);
    if (place === none) return none;
  }
}

/** 1 for each byte that stands for itself in a string. A table is read faster than bytes are compared. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= firstPrintable && byte !== byteOf.quote && byte !== backslash ? 1 : 0,
);

const escapable: ReadonlySet<number> = new Set(textBytes('"\\/bfnrt'));
const hexDigits = /^[\da-f]{4}$/i;
const letterU = 0x75;

function endOfEscape(bytes: Uint8Array, start: number): number {
  const escaped = bytes[start + 1]!;
  if (escapable.has(escaped)) return start + 2;
  if (escaped !== letterU) return none;
  return hexDigits.test(String.fromCodePoint(...bytes.subarray(start + 2, start + 6))) ? start + 6 : none;
}

/** Of a whole number that has no more digits than a number holds exactly. */
function endOfInteger(bytes: Uint8Array, start: number): number {
  const isNegative = bytes[start] === minus;
  const first = isNegative ? start + 1 : start;
  const end = endOfDigits(bytes, first);
  if (end === first || end - first > safeDigits) return none;
  // What begins with a zero is zero, and has no sign.
  if (bytes[first] === zero && (end > first + 1 || isNegative)) return none;
  return isPartOfNumber(bytes[end]) ? none : end;
}

/** Of a number without an exponent. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === minus ? start + 1 : start;
  const end = endOfDigits(bytes, first);
  if (end === first || end - first > safeDigits || (bytes[first] === zero && end > first + 1)) return none;
  const endOfAll = bytes[end] === point ? endOfFraction(bytes, end + 1) : end;
  return isPartOfNumber(bytes[endOfAll]) || isMinusZero(bytes, start, endOfAll) ? none : endOfAll;
}

/** Of the digits after the point: so few that the number is not zero unless they all are. */
function endOfFraction(bytes: Uint8Array, start: number): number {
  const end = endOfDigits(bytes, start);
  return end === start || end - start > mostFractionDigits ? none : end;
}

/** Which parsers write as zero. */
function isMinusZero(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== minus) return false;
  for (let place = start + 1; place < end; place++) if (bytes[place] !== zero && bytes[place] !== point) return false;
  return true;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let place = start;
  while (bytes[place]! >= zero && bytes[place]! <= nine) place++;
  return place;
}

const [letterE, capitalE] = [0x65, 0x45];

function isPartOfNumber(byte: number | undefined): boolean {
  return byte === point || byte === letterE || byte === capitalE;
}

function endOfBoolean(bytes: Uint8Array, start: number): number {
  const end = endOfText(bytes, start, trueText);
  return end === none ? endOfText(bytes, start, falseText) : end;
}

/** Of a value that is not null. */
export function endOfLeaf(bytes: Buffer, start: number, leaf: LeafKind): number {
  switch (leaf.kind) {
    case 'String':
      return endOfString(bytes, start);
    case 'ID':
      return bytes[start] === byteOf.quote ? endOfString(bytes, start) : endOfInteger(bytes, start);
    case 'Int':
      return endOfInteger(bytes, start);
    case 'Float':
      return endOfNumber(bytes, start);
    case 'Boolean':
      return endOfBoolean(bytes, start);
    case 'enum': {
      const end = endOfString(bytes, start);
      return end !== none && leaf.values.has(bytes.toString('latin1', start + 1, end - 1)) ? end : none;
    }
    case 'any':
      return endOfAny(bytes, start, mostNested);
    default:
      return leaf satisfies never;
  }
}

function endOfAny(bytes: Buffer, start: number, depth: number): number {
  if (depth === 0) return none;
  const first = bytes[start];
  if (first === byteOf.quote) return endOfString(bytes, start);
  if (first === byteOf.openList) return endOfItems(bytes, start, byteOf.closeList, (place) => endOfNullable(bytes, place, depth - 1));
  if (first === byteOf.openObject) return endOfItems(bytes, start, byteOf.closeObject, (place) => endOfProperty(bytes, place, depth - 1));
  const end = endOfNumber(bytes, start);
  return end === none ? endOfBoolean(bytes, start) : end;
}

function endOfProperty(bytes: Buffer, start: number, depth: number): number {
  const end = endOfString(bytes, start);
  return end !== none && bytes[end] === byteOf.colon ? endOfNullable(bytes, end + 1, depth) : none;
}

function endOfNullable(bytes: Buffer, start: number, depth: number): number {
  const end = endOfNull(bytes, start);
  return end === none ? endOfAny(bytes, start, depth) : end;
}

/** Of what has items between brackets, with commas between them. */
function endOfItems(bytes: Uint8Array, start: number, close: number, endOfItem: (place: number) => number): number {
  let place = start + 1;
  if (bytes[place] === close) return place + 1;
  for (;;) {
    place = endOfItem(place);
    if (place === none) return none;
    if (bytes[place] === close) return place + 1;
    if (bytes[place++] !== byteOf.comma) return none;
  }
}

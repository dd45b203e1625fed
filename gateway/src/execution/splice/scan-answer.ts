import { isUtf8 } from 'node:buffer';
import type { ScannedAnswer } from '../../transports/scanned-answer.ts';
import type { CompositeLayout, ListLayout, ObjectLayout, ValueLayout } from './answer-layout.ts';
import { byteOf, endOfLeaf, endOfNull, endOfText, none, textBytes } from './scan-json.ts';

/** On a tape, in place of the place of a record or a list: there is null. */
export const nothing = -1;

const [space, lineFeed, letterN] = [0x20, 0x0a, 0x6e];
const head = textBytes('{"data":');
const entitiesHead = textBytes('{"data":{"_entities":');
const tail = textBytes('}');
const entitiesTail = textBytes('}}');

/**
 * Makes the function that scans answers to root fields: all of an answer, every value of which has to be as the layout has it. Whatever is
 * otherwise, errors above all, is not scanned. The record of the object is the first on the tape.
 */
export function rootScanner(layout: ObjectLayout): (bytes: Buffer) => ScannedAnswer | null {
  return scanner(head, tail, (scan, start) => scan.endOfObject(layout, start));
}

/** The same for entities, none of which may be null. The tape begins with the place of the list of their records. */
export function entitiesScanner(layout: ObjectLayout): (bytes: Buffer) => ScannedAnswer | null {
  const item: CompositeLayout = { kind: 'composite', isNonNull: true, object: layout, slot: null };
  const entities: ListLayout = { kind: 'list', isNonNull: true, item, slot: 0 };
  return scanner(entitiesHead, entitiesTail, (scan, start) => {
    scan.tape.push(nothing);
    return scan.endOfList(entities, start, 0);
  });
}

function scanner(
  before: Uint8Array,
  after: Uint8Array,
  endOfData: (scan: Scan, start: number) => number,
): (bytes: Buffer) => ScannedAnswer | null {
  return (bytes) => {
    const scan = new Scan(bytes);
    const start = endOfText(bytes, 0, before);
    const end = start === none ? none : endOfData(scan, start);
    const last = end === none ? none : endOfText(bytes, end, after);
    return last !== none && isBlank(bytes, last) && isUtf8(bytes) ? { bytes, tape: scan.tape, holders: 1 } : null;
  };
}

/** Some servers end their answers with a line. */
function isBlank(bytes: Uint8Array, start: number): boolean {
  for (let place = start; place < bytes.length; place++) if (bytes[place] !== lineFeed && bytes[place] !== space) return false;
  return true;
}

class Scan {
  readonly tape: number[] = [];
  readonly #bytes: Buffer;
  /** The places of the records of lists that are being read. */
  readonly #items: number[] = [];
  #lastRecord = nothing;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  endOfObject(layout: ObjectLayout, start: number): number {
    const bytes = this.#bytes;
    const { tape } = this;
    const { fields } = layout;
    if (bytes[start] !== byteOf.openObject) return none;
    const record = tape.length;
    for (let slot = 0; slot < layout.recordSize; slot++) tape.push(nothing);
    let place = start + 1;
    for (let index = 0; index < fields.length; index++) {
      const { key, value, startSlots, endSlots } = fields[index]!;
      if (index > 0 && bytes[place++] !== byteOf.comma) return none;
      for (const slot of startSlots) tape[record + slot] = place;
      place = endOfText(bytes, place, key);
      if (place === none) return none;
      place = this.#endOfValue(value, place, record);
      if (place === none) return none;
      for (const slot of endSlots) tape[record + slot] = place;
    }
    this.#lastRecord = record;
    return bytes[place] === byteOf.closeObject ? place + 1 : none;
  }

  /** @param record of the object that the list is in */
  endOfList({ item, slot }: ListLayout, start: number, record: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== byteOf.openList) return none;
    const firstItem = this.#items.length;
    let place = start + 1;
    if (bytes[place] !== byteOf.closeList) {
      for (;;) {
        place = this.#endOfValue(item, place, record);
        if (place === none) return none;
        if (slot !== null) this.#items.push(this.#lastRecord);
        if (bytes[place] === byteOf.closeList) break;
        if (bytes[place++] !== byteOf.comma) return none;
      }
    }
    if (slot !== null) this.#noteList(record + slot, firstItem);
    return place + 1;
  }

  #noteList(slot: number, firstItem: number): void {
    const { tape } = this;
    const items = this.#items;
    tape[slot] = tape.length;
    tape.push(items.length - firstItem);
    for (let index = firstItem; index < items.length; index++) tape.push(items[index]!);
    items.length = firstItem;
  }

  /** @param record of the object that the value is in */
  #endOfValue(value: ValueLayout, start: number, record: number): number {
    const bytes = this.#bytes;
    if (bytes[start] === letterN) {
      this.#lastRecord = nothing;
      return value.isNonNull ? none : endOfNull(bytes, start);
    }
    switch (value.kind) {
      case 'leaf':
        return value.leaf.kind === 'exactly' ? endOfText(bytes, start, value.leaf.bytes) : endOfLeaf(bytes, start, value.leaf);
      case 'list':
        return this.endOfList(value, start, record);
      case 'composite': {
        const end = this.endOfObject(value.object, start);
        if (value.slot !== null) this.tape[record + value.slot] = this.#lastRecord;
        return end;
      }
      default:
        return value satisfies never;
    }
  }
}

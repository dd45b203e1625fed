import { Unspliceable } from './unspliceable.ts';

/** Bytes below which a loop copies sooner than a call. */
const fewBytes = 32;

/**
 * Bytes up to which they grow: an entity that is in a thousand places of a list is written a thousand times, so that a response may be
 * longer than all answers by any factor.
 */
const mostBytes = 64 * 1024 * 1024;

/** Bytes that grow at their end. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity bytes that it will mostly come to */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @throws {Unspliceable} */
  write(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    const place = this.#length;
    const length = place + count;
    if (length > this.#bytes.length) this.#grow(length);
    const target = this.#bytes;
    if (count < fewBytes) for (let index = 0; index < count; index++) target[place + index] = source[start + index]!;
    else target.set(source.subarray(start, end), place);
    this.#length = length;
  }

  writeAll(source: Uint8Array): void {
    this.write(source, 0, source.length);
  }

  #grow(length: number): void {
    if (length > mostBytes) throw new Unspliceable('the response is much longer than the answers');
    const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

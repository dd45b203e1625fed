import { StringDecoder } from 'node:string_decoder';

/** One event of an event stream. */
export interface StreamedEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
}

const byteOrderMark = '\uFEFF';

/**
 * Takes an event stream apart as it arrives (WHATWG HTML §9.2.6). Unlike an `EventSource`, it also tells of an event that has a type
 * and no data, such as the `complete` of graphql-sse. Comments, which keep a connection alive, and `id` and `retry` are left out.
 */
export class EventStreamParser {
  readonly #maxCharacters: number;
  readonly #decoder = new StringDecoder('utf8');
  /** The line that has not ended yet, in the pieces that it came in. */
  #line: string[] = [];
  #data: string[] = [];
  #type = '';
  /** Of the event that has not ended yet. */
  #characters = 0;
  #isStart = true;
  #endedByReturn = false;

  /** @param maxCharacters of one event at most */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /**
   * @returns the events that end in `chunk`
   * @throws {RangeError} when an event is longer than allowed
   */
  push(chunk: Buffer): StreamedEvent[] {
    const events: StreamedEvent[] = [];
    const pieces = this.#decode(chunk).split(/\r\n|\r|\n/);
    const unended = pieces.pop() ?? '';
    for (const piece of pieces) {
      this.#take(piece);
      this.#endLine(events);
    }
    this.#take(unended);
    return events;
  }

  #decode(chunk: Buffer): string {
    const text = this.#decoder.write(chunk);
    if (text === '') return text;
    // The line feed of a pair that two chunks share ends no other line.
    const rest = this.#endedByReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#endedByReturn = text.endsWith('\r');
    const isMarked = this.#isStart && rest.startsWith(byteOrderMark);
    this.#isStart = false;
    return isMarked ? rest.slice(1) : rest;
  }

  #take(piece: string): void {
    this.#characters += piece.length;
    if (this.#characters > this.#maxCharacters) throw new RangeError(`An event has more than ${this.#maxCharacters} characters.`);
    if (piece !== '') this.#line.push(piece);
  }

  #endLine(events: StreamedEvent[]): void {
    const line = this.#line.join('');
    this.#line = [];
    if (line === '') this.#endEvent(events);
    else this.#readLine(line);
  }

  #readLine(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    // A comment is no part of an event: a stream that says nothing for long is not too long for it.
    else this.#characters -= line.length;
  }

  #endEvent(events: StreamedEvent[]): void {
    if (this.#type !== '' || this.#data.length > 0) events.push({ type: this.#type || 'message', data: this.#data.join('\n') });
    this.#type = '';
    this.#data = [];
    this.#characters = 0;
  }
}

import type { FieldShape, ObjectShape } from '../shape/response-shape.ts';
import { noteRun, type ObjectLayout } from './answer-layout.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Place } from './place.ts';
import { nothing } from './scan-answer.ts';
import { textBytes } from './scan-json.ts';
import type { SpliceRun } from './splice-run.ts';
import { onlyShape, takeShape } from './take-shape.ts';
import { Unspliceable } from './unspliceable.ts';

/** Writes a part of the response out of the answers of a run. */
export type Write = (run: SpliceRun, out: ByteWriter) => void;

/** Fields of one answer that stand there as they are to stand in the response, one after the other. */
interface FieldRun {
  readonly kind: 'run';
  readonly object: ObjectLayout;
  readonly first: number;
  last: number;
}

/** A text, and mostly something written after it. */
interface WrittenField {
  readonly kind: 'written';
  readonly text: string;
  readonly write?: Write;
}

const nullBytes = textBytes('null');
const commaBytes = textBytes(',');
const openListBytes = textBytes('[');
const closeListBytes = textBytes(']');
const emptyObjectBytes = textBytes('{}');
const openObjectBytes = textBytes('{');
const closeObjectBytes = textBytes('}');

/**
 * Compiles the writing of objects of `shape` at a place. What an answer has there already in the form of the response is copied at once.
 * Has noted in the layouts what is needed for it.
 *
 * @throws {Unspliceable}
 */
export function compileWriter(shape: ObjectShape, place: Place): Write {
  const parts: (FieldRun | WrittenField)[] = [];
  for (const field of shape.fields) {
    const part = partOf(field, place);
    const before = parts.at(-1);
    if (part.kind === 'run' && before?.kind === 'run' && part.object === before.object && part.first === before.last + 1) {
      before.last = part.last;
    } else parts.push(part);
  }
  if (parts.length === 0) return (_run, out) => out.writeAll(emptyObjectBytes);
  const writes = parts.map((part, index) => (part.kind === 'run' ? writeRun(part, index === 0) : writeField(part, index === 0)));
  return (run, out) => {
    for (const write of writes) write(run, out);
    out.writeAll(closeObjectBytes);
  };
}

function partOf(field: FieldShape, place: Place): FieldRun | WrittenField {
  const name = JSON.stringify(field.responseName);
  switch (field.kind) {
    case 'typename':
      return { kind: 'written', text: `${name}:${JSON.stringify(field.typename)}` };
    case 'introspection':
      throw new Unspliceable('something is introspected');
    case 'value': {
      const { object, index, field: layout } = place.find(field.responseName);
      const isWhole = !place.hasFetchesBelow(field.responseName) && takeShape(layout, field.value);
      if (isWhole) return { kind: 'run', object, first: index, last: index };
      return { kind: 'written', text: `${name}:`, write: compileDescent(field, place) };
    }
    default:
      return field satisfies never;
  }
}

function writeRun({ object, first, last }: FieldRun, isFirst: boolean): Write {
  const { fetch, id } = object;
  const slot = noteRun(object, first, last);
  const before = isFirst ? openObjectBytes : commaBytes;
  return (run, out) => {
    const tape = run.tapeOf(fetch);
    const place = run.recordOf(id) + slot;
    out.writeAll(before);
    out.write(run.bytesOf(fetch), tape[place]!, tape[place + 1]!);
  };
}

function writeField({ text, write }: WrittenField, isFirst: boolean): Write {
  const bytes = textBytes((isFirst ? '{' : ',') + text);
  return (run, out) => {
    out.writeAll(bytes);
    write?.(run, out);
  };
}

/** Writes an object, or a list of objects, that several answers tell of. */
function compileDescent({ responseName, value }: Extract<FieldShape, { kind: 'value' }>, place: Place): Write {
  const { below, isList, fetch, recordIn } = place.descend(responseName);
  const item = value.kind === 'list' ? value.item : value;
  if (item.kind !== 'composite') throw new Unspliceable('objects are in lists in lists');
  const writeFields = compileWriter(onlyShape(item), below);
  const writeObject = (run: SpliceRun, out: ByteWriter, record: number) => {
    if (record === nothing) return out.writeAll(nullBytes);
    below.enter(run, record);
    writeFields(run, out);
  };
  if (!isList) return (run, out) => writeObject(run, out, recordIn(run));
  return (run, out) => {
    const list = recordIn(run);
    if (list === nothing) return out.writeAll(nullBytes);
    const tape = run.tapeOf(fetch);
    const count = tape[list]!;
    out.writeAll(openListBytes);
    for (let index = 1; index <= count; index++) {
      if (index > 1) out.writeAll(commaBytes);
      writeObject(run, out, tape[list + index]!);
    }
    out.writeAll(closeListBytes);
  };
}

import type { CompositeShape, FieldShape, ObjectShape, ValueShape } from '../shape/response-shape.ts';
import { noteRun, type FieldLayout, type ObjectLayout, type ValueLayout } from './answer-layout.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { Place } from './place.ts';
import { nothing } from './scan-answer.ts';
import { textBytes } from './scan-json.ts';
import type { SpliceRun } from './splice-run.ts';
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
const openBytes = textBytes('[');
const closeBytes = textBytes(']');
const emptyBytes = textBytes('{}');
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
  if (parts.length === 0) return (_run, out) => out.writeAll(emptyBytes);
  const writes = parts.map((part, index) => writePart(part, index === 0 ? '{' : ','));
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
      throw new Unspliceable();
    case 'value': {
      const { object, index, field: layout } = place.find(field.responseName);
      const value = shaped(layout.value, field.value);
      if (!value) return { kind: 'written', text: `${name}:`, write: compileDescent(field, place) };
      layout.value = value;
      return { kind: 'run', object, first: index, last: index };
    }
    default:
      return field satisfies never;
  }
}

function writePart(part: FieldRun | WrittenField, before: string): Write {
  if (part.kind === 'run') {
    const { fetch, id } = part.object;
    const slot = noteRun(part.object, part.first, part.last);
    const text = textBytes(before);
    return (run, out) => {
      const tape = run.tapeOf(fetch);
      const place = run.recordOf(id) + slot;
      out.writeAll(text);
      out.write(run.bytesOf(fetch), tape[place]!, tape[place + 1]!);
    };
  }
  const text = textBytes(before + part.text);
  const { write } = part;
  return (run, out) => {
    out.writeAll(text);
    write?.(run, out);
  };
}

/** Writes an object, or a list of objects, that several answers tell of. */
function compileDescent({ responseName, value }: Extract<FieldShape, { kind: 'value' }>, place: Place): Write {
  const { below, isList, fetch, recordIn } = place.descend(responseName);
  const item = value.kind === 'list' ? value.item : value;
  if (item.kind !== 'composite') throw new Unspliceable();
  const objects = onlyShape(item);
  const writeFields = compileWriter(objects, below);
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
    out.writeAll(openBytes);
    for (let index = 1; index <= count; index++) {
      if (index > 1) out.writeAll(commaBytes);
      writeObject(run, out, tape[list + index]!);
    }
    out.writeAll(closeBytes);
  };
}

/** Of values that are all of one object type. */
function onlyShape({ objects }: CompositeShape): ObjectShape {
  if (objects.typenames.length !== 1) throw new Unspliceable();
  return objects.untyped;
}

/** What the response asks of a value, where an answer has it in the form of the response; else null. */
function shaped(layout: ValueLayout, shape: ValueShape): ValueLayout | null {
  const { isNonNull } = shape;
  if (layout.kind === 'leaf' && shape.kind === 'leaf') return { ...layout, isNonNull, leaf: shape.leaf };
  if (layout.kind === 'composite' && shape.kind === 'composite') return takesShape(layout.object, shape) ? { ...layout, isNonNull } : null;
  if (layout.kind !== 'list' || shape.kind !== 'list') return null;
  const item = shaped(layout.item, shape.item);
  return item && { ...layout, isNonNull, item };
}

/** Whether an answer has such objects in the form of the response. Then their values have to be what the response asks of them. */
function takesShape(object: ObjectLayout, shape: CompositeShape): boolean {
  const { fields } = onlyShape(shape);
  return fields.length === object.fields.length && fields.every((field, index) => takesFieldShape(object, object.fields[index]!, field));
}

function takesFieldShape({ type }: ObjectLayout, layout: FieldLayout, shape: FieldShape): boolean {
  if (layout.name !== shape.responseName || shape.kind === 'introspection') return false;
  if (shape.kind === 'typename')
    return layout.value.kind === 'leaf' && layout.value.leaf.kind === 'exactly' && shape.typename === type.name;
  const value = shaped(layout.value, shape.value);
  if (value) layout.value = value;
  return value !== null;
}

import type { CompositeShape, FieldShape, ObjectShape, ValueShape } from '../shape/response-shape.ts';
import type { FieldLayout, ObjectLayout, ValueLayout } from './answer-layout.ts';
import { Unspliceable } from './unspliceable.ts';

/**
 * Whether the answers have a field's values in the form of the response, to the last field within them. Then answers are laid out anew:
 * from now on their values have to be what the response asks of them.
 *
 * @throws {Unspliceable}
 */
export function takeShape(field: FieldLayout, shape: ValueShape): boolean {
  const value = shaped(field.value, shape);
  if (value) field.value = value;
  return value !== null;
}

/**
 * The one that objects of a place have.
 *
 * @throws {Unspliceable} where they may be of several types
 */
export function onlyShape({ objects }: CompositeShape): ObjectShape {
  if (objects.typenames.length !== 1) throw new Unspliceable('an object may be of several types');
  return objects.untyped;
}

/** The layout with what the response asks of the values; null where these are not in the form of the response. */
function shaped(layout: ValueLayout, shape: ValueShape): ValueLayout | null {
  const { isNonNull } = shape;
  if (layout.kind === 'leaf' && shape.kind === 'leaf') return { ...layout, isNonNull, leaf: shape.leaf };
  if (layout.kind === 'composite' && shape.kind === 'composite')
    return haveShape(layout.object, onlyShape(shape)) ? { ...layout, isNonNull } : null;
  if (layout.kind !== 'list' || shape.kind !== 'list') return null;
  const item = shaped(layout.item, shape.item);
  return item && { ...layout, isNonNull, item };
}

function haveShape(object: ObjectLayout, { fields }: ObjectShape): boolean {
  return fields.length === object.fields.length && fields.every((field, index) => hasFieldShape(object, object.fields[index]!, field));
}

function hasFieldShape({ type }: ObjectLayout, field: FieldLayout, shape: FieldShape): boolean {
  if (field.name !== shape.responseName) return false;
  switch (shape.kind) {
    case 'introspection':
      return false;
    case 'typename':
      return field.value.kind === 'leaf' && field.value.leaf.kind === 'exactly' && shape.typename === type.name;
    case 'value':
      return takeShape(field, shape.value);
    default:
      return shape satisfies never;
  }
}

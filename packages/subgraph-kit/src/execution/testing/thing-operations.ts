import * as fc from 'fast-check';

/** A valid operation on the things, and the values of its variables. */
export interface ThingOperation {
  query: string;
  variables: { yes: boolean; first: number };
}

type TypeName = 'Thing' | 'Box' | 'Named' | 'Any';

const scalars: Record<TypeName, readonly string[]> = {
  Thing: ['id', 'name', 'size', 'colour', 'tags', 'grid', 'lazy', 'lazy3: lazy(times: 3)', '__typename'],
  Box: ['name', 'size', '__typename'],
  Named: ['name', '__typename'],
  Any: ['__typename'],
};

const objects: Record<TypeName, readonly (readonly [field: string, TypeName])[]> = {
  Thing: [
    ['parent', 'Thing'],
    ['strict', 'Thing'],
    ['parts', 'Thing'],
    ['some: parts(first: $first)', 'Thing'],
    ['spares', 'Thing'],
    ['named', 'Named'],
    ['content', 'Any'],
  ],
  Box: [['inside', 'Any']],
  Named: [],
  Any: [],
};

/** What fragments may ask for of an object of a type. */
const concreteTypes: Record<TypeName, readonly TypeName[]> = {
  Thing: ['Thing', 'Named'],
  Box: ['Box'],
  Named: ['Thing', 'Box', 'Named'],
  Any: ['Thing', 'Box', 'Named'],
};

const roots: Record<'query' | 'mutation', readonly (readonly [string, TypeName])[]> = {
  query: [
    ['thing', 'Thing'],
    ['strict', 'Thing'],
    ['things', 'Thing'],
    ['named', 'Named'],
    ['content', 'Any'],
  ],
  mutation: [
    ['thing', 'Thing'],
    ['strict', 'Thing'],
    ['again: thing', 'Thing'],
  ],
};

const condition = fc.constantFrom('', '', '', ' @include(if: $yes)', ' @skip(if: $yes)', ' @skip(if: false)');

/** What may be selected of an object, as text. */
function selections(type: TypeName, depth: number): fc.Arbitrary<string> {
  const parts = [fc.tuple(fc.constantFrom(...scalars[type]), condition).map(([field, when]) => `${field}${when}`)];
  if (depth > 0) {
    for (const [field, inner] of objects[type]) {
      parts.push(fc.tuple(selections(inner, depth - 1), condition).map(([fields, when]) => `${field}${when} { ${fields} }`));
    }
    for (const concrete of concreteTypes[type]) {
      parts.push(fc.tuple(selections(concrete, depth - 1), condition).map(([fields, when]) => `... on ${concrete}${when} { ${fields} }`));
    }
    if (type === 'Thing') parts.push(fc.constant('...Basics'));
  }
  return fc.array(fc.oneof(...parts), { minLength: 1, maxLength: 4 }).map((fields) => fields.join(' '));
}

function rootSelections(operation: 'query' | 'mutation'): fc.Arbitrary<string> {
  const fields = roots[operation].map(([field, type]) => selections(type, 3).map((inner) => `${field} { ${inner} }`));
  return fc.array(fc.oneof(...fields), { minLength: 1, maxLength: 3 }).map((texts) => texts.join(' '));
}

const basics = 'fragment Basics on Thing { name again: colour parent { id ...More } } fragment More on Thing { size parent { name } }';

export const thingOperations: fc.Arbitrary<ThingOperation> = fc
  .constantFrom('query' as const, 'mutation' as const)
  .chain((operation) => fc.tuple(fc.constant(operation), rootSelections(operation), fc.boolean(), fc.nat({ max: 3 })))
  .map(([operation, fields, yes, first]) => ({
    query: `${operation} ($yes: Boolean!, $first: Int) { ${fields} } ${basics}`,
    variables: { yes, first },
  }));

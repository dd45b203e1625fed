import { buildSchema, responsePathAsArray, type GraphQLFieldResolver, type GraphQLSchema, type ResponsePath } from 'graphql';

/** Decides what goes wrong where. */
export interface Faults {
  readonly seed: number;
  /** Of a hundred values. */
  readonly percent: number;
}

const sdl = /* GraphQL */ `
  interface Named {
    name: String!
  }
  type Thing implements Named {
    id: ID!
    name: String!
    size: Int
    colour: Colour!
    lazy(times: Int = 2): String
    tags: [String!]
    grid: [[Int!]]!
    parent: Thing
    strict: Thing!
    parts(first: Int = 2): [Thing!]!
    spares: [Thing]
    named: Named
    content: [Any!]
  }
  type Box implements Named {
    name: String!
    size: Int!
    inside: Any
  }
  union Any = Thing | Box
  enum Colour {
    RED
    GREEN
  }
  type Query {
    thing: Thing
    strict: Thing!
    things: [Thing!]!
    named: Named
    content: [Any]
  }
  type Mutation {
    thing: Thing
    strict: Thing!
  }
`;

/** A schema whose every value may be absent, late, wrong or an error, the same for every engine that asks. */
export const thingSchema: GraphQLSchema = withResolvers(buildSchema(sdl));

type Resolve = GraphQLFieldResolver<unknown, Faults, { first?: number }>;

function withResolvers(schema: GraphQLSchema): GraphQLSchema {
  const resolvers: Record<string, Resolve> = {
    thing: one(thingAt),
    strict: one(thingAt),
    parent: one(thingAt),
    things: many(thingAt),
    parts: many(thingAt),
    spares: many(thingAt),
    named: one(anyAt),
    inside: one(anyAt),
    content: many(anyAt),
  };
  for (const typeName of ['Query', 'Mutation', 'Thing', 'Box']) {
    const type = schema.getType(typeName);
    if (!type || !('getFields' in type)) continue;
    for (const field of Object.values(type.getFields())) {
      const resolve = resolvers[field.name];
      if (resolve) Object.assign(field, { resolve });
    }
  }
  return schema;
}

type Make = (faults: Faults, place: string) => unknown;

function one(make: Make): Resolve {
  return (_source, _arguments, faults, { path }) => orFault(faults, placeOf(path), () => make(faults, placeOf(path)));
}

function many(make: Make): Resolve {
  return (_source, { first = 3 }, faults, { path }) => {
    const items = Array.from({ length: first }, (_, index) => `${placeOf(path)}.${index}`);
    const list = () => items.map((place) => orFault(faults, place, () => make(faults, place)));
    return orFault(faults, placeOf(path), list);
  };
}

function thingAt(faults: Faults, place: string): unknown {
  const property = (name: string, value: unknown) => orFault(faults, `${place}#${name}`, () => value);
  return {
    __typename: 'Thing',
    id: property('id', 1),
    name: property('name', 'a thing'),
    size: property('size', 3),
    colour: property('colour', 'RED'),
    lazy: ({ times }: { times: number }, context: Faults, { fieldName }: { fieldName: string }) =>
      orFault(faults, `${place}#lazy`, () => `${fieldName} ${times} ${context.seed}`),
    tags: property('tags', new Set(['a', 'b'])),
    grid: [[property('grid', 1)], [2], property('row', [3])],
  };
}

function anyAt(faults: Faults, place: string): unknown {
  if (chance(faults, `${place}?`) < 50) return thingAt(faults, place);
  const wrong = chance(faults, `${place}!`) < faults.percent;
  return { __typename: wrong ? 'Query' : 'Box', name: orFault(faults, `${place}#name`, () => 'a box'), size: 1 };
}

/** The value, or one of the things that can be wrong with it. */
function orFault(faults: Faults, place: string, value: () => unknown): unknown {
  if (chance(faults, place) >= faults.percent) return value();
  switch (chance(faults, `${place}:`) % 6) {
    case 0:
      return null;
    case 1:
      return new Error(`an error at ${place}`);
    case 2:
      return rejected(place);
    case 3:
      return { neither: 'scalar nor list' };
    default:
      return Promise.resolve().then(value);
  }
}

/** Nobody may ask for it: an engine that gives up early is not told of what it did not wait for. */
function rejected(place: string): Promise<never> {
  const promise = Promise.reject(new Error(`a rejection at ${place}`));
  promise.catch(() => {});
  return promise;
}

function placeOf(path: ResponsePath): string {
  return responsePathAsArray(path).join('.');
}

/** From 0 to 99, the same for the same place. FNV-1a. */
function chance({ seed }: Faults, place: string): number {
  let hash = (0x81_1c_9d_c5 ^ seed) >>> 0;
  for (const character of place) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % 100;
}

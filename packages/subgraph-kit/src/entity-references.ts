import type { ApolloGraphQLObjectTypeExtensions } from '@apollo/subgraph';
import { BadInputError } from '@tenantry/service';
import {
  defaultFieldResolver,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLFieldResolver,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import type { SubgraphContext } from './define-subgraph.ts';

type EntityType = GraphQLObjectType | GraphQLInterfaceType;

interface Representation extends Record<string, unknown> {
  readonly __typename: string;
}

type Resolve = GraphQLFieldResolver<unknown, SubgraphContext>;

/**
 * Has `_entities` begin with all of its references before it waits for any, so that loaders read them together, and refuse, as the
 * caller's fault, a representation of what is no entity of `schema`.
 */
export function resolveEntities(schema: GraphQLSchema): GraphQLSchema {
  const field = schema.getQueryType()?.getFields()['_entities'];
  if (!field) return schema;
  const resolveByApollo: Resolve = field.resolve ?? defaultFieldResolver;
  const types = entityTypes(schema);
  const resolve: Resolve = (parent, { representations }, context, info) => {
    const references = toReferences(representations, types);
    // The object behind an interface has to be found first.
    const resolveInterface = async (representation: Representation) =>
      await firstOf(resolveByApollo(parent, { representations: [representation] }, context, info));
    return references.map(({ type, representation }) =>
      isObjectType(type) ? resolveReference(type, representation, context, info) : resolveInterface(representation),
    );
  };
  field.resolve = resolve;
  return schema;
}

interface Reference {
  type: EntityType;
  representation: Representation;
}

/** @throws {BadInputError} before any of them is resolved */
function toReferences(representations: unknown, types: ReadonlyMap<string, EntityType>): Reference[] {
  if (!Array.isArray(representations)) throw new BadInputError('Representations of entities come as a list.');
  return representations.map((representation: unknown) => {
    if (!isRepresentation(representation)) {
      throw new BadInputError('A representation of an entity is an object that names its type as `__typename`.');
    }
    const type = types.get(representation.__typename);
    if (!type) throw new BadInputError(`There is no entity ${JSON.stringify(representation.__typename)} here.`);
    return { type, representation };
  });
}

/** What fails is null in its place, and leaves the other entities as they are. */
async function resolveReference(
  type: GraphQLObjectType,
  representation: Representation,
  context: SubgraphContext,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  const extensions: ApolloGraphQLObjectTypeExtensions<unknown, SubgraphContext> = type.extensions;
  const resolve = extensions.apollo?.subgraph?.resolveReference;
  return named(resolve ? await resolve(representation, context, info) : representation, type.name);
}

/** The same entity, which tells the type that it was asked for as. */
function named(entity: unknown, typeName: string): unknown {
  if (typeof entity !== 'object' || entity === null) return entity;
  if ('__typename' in entity && entity.__typename === typeName) return entity;
  if ('__typename' in entity || !Object.isExtensible(entity)) return { ...entity, __typename: typeName };
  return Object.defineProperty(entity, '__typename', { value: typeName });
}

/** By name; an interface is an entity when one of its objects is, which `_Entity` lists. */
function entityTypes(schema: GraphQLSchema): ReadonlyMap<string, EntityType> {
  const union = schema.getType('_Entity');
  if (!isUnionType(union)) return new Map();
  const isEntity = (type: EntityType) =>
    (isInterfaceType(type) ? schema.getPossibleTypes(type) : [type]).some((object) => schema.isSubType(union, object));
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  return new Map(types.filter(isEntity).map((type) => [type.name, type]));
}

function isRepresentation(value: unknown): value is Representation {
  return typeof value === 'object' && value !== null && '__typename' in value && typeof value.__typename === 'string';
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : list;
}

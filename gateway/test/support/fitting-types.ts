import { isAbstractType, isCompositeType, type GraphQLCompositeType, type GraphQLSchema } from 'graphql';

/** The types that share objects with `type`, so that a fragment on them is valid there. */
export function fittingTypes(schema: GraphQLSchema, type: GraphQLCompositeType): GraphQLCompositeType[] {
  return Object.values(schema.getTypeMap())
    .filter(isCompositeType)
    .filter((other) => overlap(schema, other, type));
}

export function overlap(schema: GraphQLSchema, one: GraphQLCompositeType, other: GraphQLCompositeType): boolean {
  const objects = objectsOf(schema, one);
  return objectsOf(schema, other).some((object) => objects.includes(object));
}

function objectsOf(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLCompositeType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

import { BadInputError } from '@tenantry/service';
import { defaultFieldResolver, isInterfaceType, isObjectType, isUnionType, type GraphQLSchema } from 'graphql';
import { z } from 'zod';

const references = z.array(z.unknown());
const reference = z.looseObject({ __typename: z.string() });

/** Has `_entities` refuse, as the caller's fault, a representation of what is no entity of `schema`. */
export function checkReferences(schema: GraphQLSchema): GraphQLSchema {
  const field = schema.getQueryType()?.getFields()['_entities'];
  if (!field) return schema;
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (parent, args, context, info) => {
    for (const representation of references.parse(args['representations'])) checkReference(representation, schema);
    return resolve(parent, args, context, info);
  };
  return schema;
}

/** @throws {BadInputError} */
function checkReference(representation: unknown, schema: GraphQLSchema): void {
  const { success, data } = reference.safeParse(representation);
  if (!success) throw new BadInputError('A representation of an entity is an object that names its type as `__typename`.');
  if (!isEntity(data.__typename, schema)) throw new BadInputError(`There is no entity ${JSON.stringify(data.__typename)} here.`);
}

/** An interface is one by its objects, which `_Entity` lists. */
function isEntity(typeName: string, schema: GraphQLSchema): boolean {
  const [type, entities] = [schema.getType(typeName), schema.getType('_Entity')];
  const objects = isInterfaceType(type) ? schema.getPossibleTypes(type) : [type];
  return isUnionType(entities) && objects.some((object) => isObjectType(object) && schema.isSubType(entities, object));
}

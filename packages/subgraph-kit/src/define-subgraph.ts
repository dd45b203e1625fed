import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { TenantTask } from '@tenantry/tenant-control';
import {
  GraphQLError,
  isObjectType,
  isScalarType,
  parse,
  Source,
  type GraphQLResolveInfo,
  type GraphQLScalarType,
  type GraphQLSchema,
} from 'graphql';
import { guardSchema } from './access-rules.ts';
import { resolveEntities } from './entity-references.ts';
import { SubgraphDefinitionError } from './errors.ts';
import type { SubgraphServices } from './services.ts';
import type { SubgraphRequest } from './subgraph-request.ts';

/** What every resolver of a subgraph is given: at the least, the request that it answers. */
export interface SubgraphContext {
  readonly request: SubgraphRequest;
}

/** As a method, so that a resolver may state narrower types than these. */
interface FieldOf<Context> {
  resolve(parent: unknown, args: object, context: Context, info: GraphQLResolveInfo): unknown;
}

/**
 * A field's resolver, or `__resolveReference`, which takes `(reference, context)`. A resolver states the types of its parent and
 * arguments itself; the schema has checked the arguments before it runs.
 */
export type Resolver<Context> = FieldOf<Context>['resolve'];

/**
 * How a field of `Subscription` is answered: `subscribe` gives its events, until the request's signal aborts; each is then resolved by a
 * request of its own, whose parent it is.
 */
export interface SubscriptionResolver<Context> {
  readonly subscribe: Resolver<Context>;
  readonly resolve: Resolver<Context>;
}

/** Resolvers by type and field, and custom scalars by name. A field without a resolver is read off its parent. */
export type Resolvers<Context> = Readonly<
  Record<string, GraphQLScalarType | Readonly<Record<string, Resolver<Context> | SubscriptionResolver<Context>>>>
>;

export interface SubgraphDefinition<Context extends SubgraphContext> {
  /** The name of the subgraph's folder: how the supergraph, the process entry and the signed context's audience call it. */
  name: string;
  /** Its `schema.graphql`: a Federation 2 schema. */
  schemaPath: URL | string;
  resolvers: Resolvers<Context>;
  /** Called once a request, before the first resolver runs; makes the request's loaders and stores. */
  createContext(request: SubgraphRequest, services: SubgraphServices): Context;
  /** What the workers do for single tenants on the subgraph's behalf. Default: nothing. */
  tasks?: readonly TenantTask[];
}

export interface Subgraph {
  readonly name: string;
  /** Absolute path of the schema file. */
  readonly schemaPath: string;
  /** Executable, with the schema's access rules enforced on every field that carries one. */
  readonly schema: GraphQLSchema;
  createContext(request: SubgraphRequest, services: SubgraphServices): SubgraphContext;
  readonly tasks: readonly TenantTask[];
}

/** @throws {SubgraphDefinitionError} when the schema cannot be read or built, or a resolver has no place in it */
export function defineSubgraph<Context extends SubgraphContext>(definition: SubgraphDefinition<Context>): Subgraph {
  const schemaPath = definition.schemaPath instanceof URL ? fileURLToPath(definition.schemaPath) : definition.schemaPath;
  return {
    name: definition.name,
    schemaPath,
    schema: buildSchema(schemaPath, definition.resolvers),
    createContext: (request, services) => definition.createContext(request, services),
    tasks: definition.tasks ?? [],
  };
}

function buildSchema<Context>(schemaPath: string, resolvers: Resolvers<Context>): GraphQLSchema {
  try {
    const typeDefs = parse(new Source(readFileSync(schemaPath, 'utf8'), schemaPath));
    const schema = buildSubgraphSchema([{ typeDefs, resolvers }]);
    refuseStrayResolvers(schema, resolvers);
    refuseSilentSubscriptions(schema);
    return guardSchema(resolveEntities(schema), typeDefs);
  } catch (cause) {
    throw new SubgraphDefinitionError(`${placeOf(cause) ?? schemaPath}: ${messageOf(cause)}`, { cause });
  }
}

/** A resolver that names no field would never run, and nobody would notice. */
function refuseStrayResolvers<Context>(schema: GraphQLSchema, resolvers: Resolvers<Context>): void {
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (!type) throw new SubgraphDefinitionError(`There are resolvers for ${typeName}, which the schema does not define.`);
    if (!isObjectType(type) || isScalarType(fields)) continue;
    const stray = Object.keys(fields).find((name) => !name.startsWith('__') && !(name in type.getFields()));
    if (stray) throw new SubgraphDefinitionError(`There is a resolver for ${typeName}.${stray}, which the schema does not define.`);
  }
}

/** One without events would be refused to everybody who subscribes. */
function refuseSilentSubscriptions(schema: GraphQLSchema): void {
  const silent = Object.values(schema.getSubscriptionType()?.getFields() ?? {}).find(({ subscribe }) => !subscribe);
  if (silent) throw new SubgraphDefinitionError(`Subscription.${silent.name} needs a resolver with \`subscribe\` and \`resolve\`.`);
}

function placeOf(error: unknown): string | undefined {
  if (!(error instanceof GraphQLError)) return undefined;
  const location = error.locations?.[0];
  return location && `${error.source?.name}:${location.line}:${location.column}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  execute,
  GraphQLError,
  isAbstractType,
  parse,
  type FormattedExecutionResult,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import type { SubgraphSdl } from '../schemas/print-subgraph.ts';
import { readDirectives, type FederatedDirectives } from './federated-directives.ts';
import type { Faults } from './faults.ts';
import { isObject, stableJson } from './hash.ts';
import { project } from './project.ts';
import type { Thing, World } from './world.ts';

interface Context {
  readonly subgraph: WorldSubgraph;
  readonly world: World;
  readonly faults: Faults;
  readonly find: (representation: unknown) => Thing | null;
}

/** A thing as `_entities` was asked for it. */
interface Entity extends Thing {
  readonly representation?: Readonly<Record<string, unknown>>;
}

/** An answer as it comes out of JSON. */
export type SubgraphData = FormattedExecutionResult<Record<string, unknown>>;

/** A real subgraph: graphql-js over its own schema, and the part of the world that the schema tells of. */
export class WorldSubgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly directives: FederatedDirectives;

  constructor({ name, sdl }: SubgraphSdl) {
    this.name = name;
    const typeDefs = parse(sdl);
    this.directives = readDirectives(typeDefs);
    this.schema = buildSubgraphSchema([{ typeDefs }]);
    const entities = this.schema.getQueryType()?.getFields()['_entities'];
    if (entities)
      entities.resolve = (_source, { representations }: { representations: unknown[] }, { find }: Context) => representations.map(find);
    const entity = this.schema.getType('_Entity');
    if (isAbstractType(entity)) entity.resolveType = undefined;
  }

  /** The well-formed answer to an operation, with the faults that resolvers have. */
  answer(query: string, variables: Readonly<Record<string, unknown>>, world: World, faults: Faults): SubgraphData {
    const contextValue: Context = { subgraph: this, world, faults, find: (representation) => this.#find(representation, world) };
    const result = execute({
      schema: this.schema,
      document: parse(query),
      variableValues: variables,
      contextValue,
      fieldResolver: resolveField,
      typeResolver: ({ type }: Thing) => this.#localName(type, world),
    });
    if (result instanceof Promise) throw new Error('Resolvers are synchronous.');
    const { data, errors } = result;
    // Of ordinary objects, as JSON would give them.
    return { ...(data !== undefined && { data: structuredClone(data) }), ...(errors && { errors: errors.map((error) => error.toJSON()) }) };
  }

  /** An object of an interface that the subgraph knows as one object type goes by the interface's name. */
  #localName(type: string, world: World): string | undefined {
    if (this.schema.getType(type)) return type;
    return [...this.directives.interfaceObjects].find((name) => world.isA(type, name));
  }

  /** By whichever key of its type a representation has. */
  #find(representation: unknown, world: World): Entity | null {
    if (!isObject(representation) || typeof representation['__typename'] !== 'string') return null;
    const type = representation['__typename'];
    const keys = this.directives.keys.get(type) ?? [];
    const found = world
      .entitiesOf(type)
      .find((thing) => keys.some((key) => stableJson(project(representation, key, world)) === stableJson(world.select(thing, key))));
    return found ? { ...found, representation } : null;
  }
}

const resolveField: GraphQLFieldResolver<Entity | undefined, Context, Record<string, unknown>> = (source, args, context, info) => {
  const { subgraph, world, faults } = context;
  const { fieldName, parentType } = info;
  const thing: Entity = source ?? { type: parentType.name, id: parentType.name };
  const place = `${subgraph.name} ${thing.id}.${fieldName}${stableJson(args)}`;
  const fault = faults.resolver(place);
  if (fault === 'null') return null;
  if (fault === 'error') throw new GraphQLError(`Failed at ${place}`);
  if (fault === 'error-with-code') throw new GraphQLError(`Refused at ${place}`, { extensions: { code: 'REFUSED', detail: { place } } });
  const selection = subgraph.directives.requires.get(`${parentType.name}.${fieldName}`);
  if (!selection) return world.resolve(thing, fieldName, args);
  if (!thing.representation) throw new Error(`${place} was asked for without a representation.`);
  return world.resolve(thing, fieldName, args, project(thing.representation, selection, world));
};

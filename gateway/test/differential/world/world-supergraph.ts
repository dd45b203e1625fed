import { composeServices } from '@apollo/composition';
import { Supergraph, type Schema } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { isAbstractType, parse, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import type { SubgraphSdl } from '../schemas/print-subgraph.ts';
import { WorldSubgraph } from './subgraph.ts';
import { World } from './world.ts';

/**
 * What planning and composition may take, since both multiply: without a limit, one operation in thousands takes all memory, or minutes in
 * which no deadline of a test is heard. Operations with more ways than this are left out, of plans the first so many are compared, and
 * subgraphs with more paths do not compose; usual ones have less than 200.
 */
const plannerLimits = { pathsLimit: 500, maxEvaluatedPlans: 500 } as const;
const compositionLimits = { maxValidationSubgraphPaths: 10_000 } as const;

/** Composed subgraphs, as the executors need them and as a world can be made over them. */
export class WorldSupergraph {
  readonly sources: readonly SubgraphSdl[];
  readonly subgraphs: ReadonlyMap<string, WorldSubgraph>;
  readonly planner: QueryPlanner;
  readonly apiSchema: Schema;
  /** Of {@link apiSchema}. */
  readonly api: GraphQLSchema;
  /** With what clients do not see. */
  readonly whole: GraphQLSchema;

  private constructor(sources: readonly SubgraphSdl[], supergraphSdl: string) {
    const supergraph = Supergraph.build(supergraphSdl);
    this.sources = sources;
    this.subgraphs = new Map(sources.map((source) => [source.name, new WorldSubgraph(source)]));
    this.planner = new QueryPlanner(supergraph, { debug: plannerLimits });
    this.apiSchema = supergraph.apiSchema();
    this.api = this.apiSchema.toGraphQLJSSchema();
    this.whole = supergraph.schema.toGraphQLJSSchema();
  }

  /** @returns the reasons where the subgraphs do not compose */
  static compose(sources: readonly SubgraphSdl[]): WorldSupergraph | readonly string[] {
    const services = sources.map(({ name, sdl }) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
    const { supergraphSdl, errors = [] } = composeServices(services, compositionLimits);
    return supergraphSdl === undefined ? errors.map(({ message }) => message) : new WorldSupergraph(sources, supergraphSdl);
  }

  world(seed: number): World {
    return new World({
      schema: this.whole,
      keyFields: this.#keyFields(),
      possibleTypes: this.#possibleTypes(),
      requires: this.#requires(),
      seed,
    });
  }

  #keyFields(): Map<string, Set<string>> {
    const fields = new Map<string, Set<string>>();
    for (const { directives } of this.subgraphs.values()) {
      for (const [type, keys] of directives.keys) {
        for (const object of this.#objectsOf(type)) {
          const known = fields.get(object) ?? new Set();
          fields.set(object, known);
          for (const { selections } of keys) for (const node of selections) if ('name' in node) known.add(node.name.value);
        }
      }
    }
    return fields;
  }

  #possibleTypes(): Map<string, string[]> {
    const abstract = Object.values(this.whole.getTypeMap()).filter(isAbstractType);
    return new Map(abstract.map(({ name }) => [name, this.#objectsOf(name).filter((object) => this.#allKnow(object, name))]));
  }

  /** Whether every subgraph in which `name` is abstract has `object`, or an interface object for it, among what it can be. */
  #allKnow(object: string, name: string): boolean {
    return [...this.subgraphs.values()].every(({ schema }) => {
      const type = schema.getType(name);
      return !isAbstractType(type) || schema.getPossibleTypes(type).some((known) => this.#objectsOf(known.name).includes(object));
    });
  }

  #requires(): Map<string, SelectionSetNode> {
    const requires = new Map<string, SelectionSetNode>();
    for (const { directives } of this.subgraphs.values()) {
      for (const [coordinate, selection] of directives.requires) {
        const [type = '', field] = coordinate.split('.');
        for (const object of this.#objectsOf(type)) requires.set(`${object}.${field}`, selection);
      }
    }
    return requires;
  }

  #objectsOf(name: string): string[] {
    const type = this.whole.getType(name);
    return isAbstractType(type) ? this.whole.getPossibleTypes(type).map((object) => object.name) : [name];
  }
}

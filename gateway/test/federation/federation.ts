import { composeServices } from '@apollo/composition';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { silentLogger } from '@tenantry/service';
import { execute, getOperationAST, parse, validate, type FormattedExecutionResult, type GraphQLSchema } from 'graphql';
import { makeExecutable } from '../../src/execution/executable-operation.ts';
import type { SubgraphOperation } from '../../src/index.ts';
import { loadSupergraph, type LoadedSupergraph } from '../../src/supergraph/load-supergraph.ts';

export interface SubgraphSource {
  /** Without the `@link` of the federation specification, unless it is of version 1. */
  readonly schema: string;
  readonly version?: 1 | 2;
  readonly resolvers?: GraphQLResolverMap<unknown>;
  /** What becomes of the subgraph's answers on the way. Default: nothing. */
  readonly spoil?: (answer: FormattedExecutionResult, operation: SubgraphOperation) => FormattedExecutionResult;
}

/** What a subgraph was asked. */
interface Asked {
  readonly subgraph: string;
  readonly query: string;
  readonly representations: unknown;
}

export interface Answer {
  readonly data: unknown;
  /** Of errors, those that stand for forbidden nulls included: where, and what. */
  readonly errors: readonly { readonly path: unknown; readonly message: string }[];
  /** In the order in which subgraphs were asked. */
  readonly asked: readonly Asked[];
}

const link = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]
)
`;

/** Real subgraphs behind the gateway's planner and executor, without what lies between them in a server. */
export class Federation {
  readonly #loaded: LoadedSupergraph;
  readonly #planner: QueryPlanner;
  readonly #supergraph: Supergraph;
  readonly #subgraphs: ReadonlyMap<string, SubgraphSource & { readonly built: GraphQLSchema }>;

  private constructor(loaded: LoadedSupergraph, subgraphs: Readonly<Record<string, SubgraphSource>>) {
    this.#loaded = loaded;
    this.#supergraph = Supergraph.build(loaded.supergraphSdl);
    this.#planner = new QueryPlanner(this.#supergraph);
    this.#subgraphs = new Map(Object.entries(subgraphs).map(([name, source]) => [name, { ...source, built: build(source) }]));
  }

  /** @throws {AggregateError} when the subgraphs do not compose */
  static async of(subgraphs: Readonly<Record<string, SubgraphSource>>): Promise<Federation> {
    const services = Object.entries(subgraphs).map(([name, source]) => ({ name, url: `http://${name}`, typeDefs: parse(sdlOf(source)) }));
    const { supergraphSdl, errors } = composeServices(services);
    if (supergraphSdl === undefined) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
    return new Federation(await loadSupergraph(supergraphSdl, silentLogger), subgraphs);
  }

  get api(): GraphQLSchema {
    return this.#loaded.schemas.api;
  }

  /** Has a valid operation planned and executed. */
  async ask(text: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const document = parse(text);
    const [invalid] = validate(this.api, document);
    if (invalid) throw invalid;
    const operation = getOperationAST(document);
    if (!operation) throw new Error('There is no single operation.');
    const plan = this.#planner.buildQueryPlan(operationFromDocument(this.#supergraph.apiSchema(), document));
    const executable = makeExecutable({ plan, operation: { document, operation }, schemas: this.#loaded.schemas });
    const asked: Asked[] = [];
    const { data, errors, extensions } = await executable.execute({
      variables,
      fetch: async (subgraph, subgraphOperation) => {
        asked.push({ subgraph, query: subgraphOperation.query, representations: subgraphOperation.variables?.['representations'] });
        return await this.#answer(subgraph, subgraphOperation);
      },
    });
    const reported = [...(errors ?? []), ...(extensions?.valueCompletion ?? [])].map(({ path, message }) => ({ path, message }));
    return { data, errors: reported, asked };
  }

  async #answer(name: string, operation: SubgraphOperation): Promise<FormattedExecutionResult> {
    const subgraph = this.#subgraphs.get(name);
    if (!subgraph) throw new Error(`There is no subgraph ${name}.`);
    const document = parse(operation.query);
    const [invalid] = validate(subgraph.built, document);
    if (invalid) throw invalid;
    const result = await execute({ schema: subgraph.built, document, variableValues: operation.variables ?? {} });
    const answer: FormattedExecutionResult = JSON.parse(JSON.stringify(result));
    return subgraph.spoil?.(answer, operation) ?? answer;
  }
}

function sdlOf({ schema, version = 2 }: SubgraphSource): string {
  return version === 1 ? schema : link + schema;
}

function build(source: SubgraphSource): GraphQLSchema {
  return buildSubgraphSchema([{ typeDefs: parse(sdlOf(source)), ...(source.resolvers && { resolvers: source.resolvers }) }]);
}

/** A reference resolver: the first of `things` with the fields that the representation has, or null. */
export function among<Thing extends object>(things: readonly Thing[]): (representation: Readonly<Record<string, unknown>>) => Thing | null {
  return (representation) => things.find((thing) => matches(thing, representation)) ?? null;
}

function matches(thing: object, representation: Readonly<Record<string, unknown>>): boolean {
  const known = new Map<string, unknown>(Object.entries(thing));
  return Object.entries(representation).every(
    ([name, value]) => name === '__typename' || JSON.stringify(known.get(name)) === JSON.stringify(value),
  );
}

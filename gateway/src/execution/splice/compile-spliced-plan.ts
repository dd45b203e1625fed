import type { FetchNode, FlattenNode, PlanNode, ResponsePath } from '@apollo/query-planner';
import { Kind, parse, type GraphQLObjectType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { fragmentsOf, type ValidOperation } from '../../operation.ts';
import type { ConditionValues } from '../conditions.ts';
import type { ObjectTypes } from '../object-types.ts';
import { everyItem } from '../plan/entities.ts';
import { chosenBranch } from '../plan/compile-plan.ts';
import type { ObjectShape } from '../shape/response-shape.ts';
import { LayoutBuilder, type ObjectLayout } from './answer-layout.ts';
import { compileRepresentations } from './compile-representations.ts';
import { compileWriter, type Write } from './compile-writer.ts';
import { Place, type EntityFetch } from './place.ts';
import { fetchEntities, fetchRoot, type SpliceStep } from './splice-steps.ts';
import { Unspliceable } from './unspliceable.ts';

/** A plan whose answers are spliced. */
export interface CompiledSplice {
  readonly step: SpliceStep;
  /** Writes `data`. */
  readonly write: Write;
  /** Objects in all layouts. */
  readonly objectCount: number;
  /** Names of those that it asks. */
  readonly subgraphs: ReadonlySet<string>;
}

export interface SplicedPlanOptions {
  /** What is planned. */
  readonly node: PlanNode | undefined;
  /** With what is inaccessible to clients. */
  readonly supergraph: GraphQLSchema;
  /** Of the response. */
  readonly shape: ObjectShape;
  readonly types: ObjectTypes;
  readonly conditions: ConditionValues;
}

/** Null for an operation whose response is not spliced of answers: with objects that may be of several types, or in parts. */
export function compileSplice(options: SplicedPlanOptions): CompiledSplice | null {
  try {
    return new SpliceCompiler(options).compile();
  } catch (error) {
    if (error instanceof Unspliceable) return null;
    throw error;
  }
}

/** What is known once some fetches of a plan have been made. */
interface Known {
  readonly roots: readonly ObjectLayout[];
  readonly entities: readonly EntityFetch[];
}

interface CompiledNode {
  readonly step: SpliceStep;
  readonly known: Known;
}

class SpliceCompiler {
  readonly #options: SplicedPlanOptions;
  readonly #layouts = new LayoutBuilder();
  readonly #subgraphs = new Set<string>();
  #fetches = 0;

  constructor(options: SplicedPlanOptions) {
    this.#options = options;
  }

  compile(): CompiledSplice {
    const { node, shape } = this.#options;
    if (!node) throw new Unspliceable();
    const { step, known } = this.#node(node, [], { roots: [], entities: [] });
    const write = compileWriter(shape, rootPlace(known));
    return { step, write, objectCount: this.#layouts.objectCount, subgraphs: this.#subgraphs };
  }

  #node(node: PlanNode | undefined, path: ResponsePath, known: Known): CompiledNode {
    if (!node) return { step: async () => {}, known };
    switch (node.kind) {
      case 'Sequence':
        return this.#sequence(node.nodes, path, known);
      case 'Parallel':
        return this.#parallel(node.nodes, path, known);
      case 'Flatten':
        return this.#node((node satisfies FlattenNode).node, [...path, ...node.path], known);
      case 'Fetch':
        return node.requires ? this.#entityFetch(node, path, known) : this.#rootFetch(node, path, known);
      case 'Condition':
        return this.#node(chosenBranch(node, this.#options.conditions), path, known);
      case 'Defer':
        throw new Unspliceable();
      default:
        return node satisfies never;
    }
  }

  #sequence(nodes: readonly PlanNode[], path: ResponsePath, known: Known): CompiledNode {
    const steps: SpliceStep[] = [];
    let knownThen = known;
    for (const node of nodes) {
      const compiled = this.#node(node, path, knownThen);
      steps.push(compiled.step);
      knownThen = compiled.known;
    }
    const step: SpliceStep = async (run) => {
      for (const each of steps) if (!run.isSurprised) await each(run);
    };
    return { step, known: knownThen };
  }

  /** None of them knows what the others bring. */
  #parallel(nodes: readonly PlanNode[], path: ResponsePath, known: Known): CompiledNode {
    const compiled = nodes.map((node) => this.#node(node, path, known));
    const step: SpliceStep = async (run) => void (await Promise.all(compiled.map(async ({ step: each }) => await each(run))));
    const brought = compiled.map(({ known: knownThen }) => knownThen);
    return {
      step,
      known: {
        roots: [...known.roots, ...brought.flatMap(({ roots }) => roots.slice(known.roots.length))],
        entities: [...known.entities, ...brought.flatMap(({ entities }) => entities.slice(known.entities.length))],
      },
    };
  }

  #rootFetch(node: FetchNode, path: ResponsePath, known: Known): CompiledNode {
    const fetch = this.#beginFetch(node);
    const type = this.#options.supergraph.getRootType(node.operationKind);
    if (!type || path.length > 0) throw new Unspliceable();
    const { document, operation } = read(node);
    const layout = this.#layout(fetch, type, operation.selectionSet, document);
    return { step: fetchRoot(node, fetch, layout), known: { ...known, roots: [...known.roots, layout] } };
  }

  #entityFetch(node: FetchNode, path: ResponsePath, known: Known): CompiledNode {
    const fetch = this.#beginFetch(node);
    const root = rootPlace(known);
    const type = placeAt(path, root).type;
    const { document, operation } = read(node);
    const [entities, ...others] = operation.selectionSet.selections;
    if (entities?.kind !== Kind.FIELD || !entities.selectionSet || others.length > 0) throw new Unspliceable();
    const layout = this.#layout(fetch, type, entities.selectionSet, document);
    const represent = compileRepresentations({ path, requires: node.requires ?? [], root, types: this.#options.types });
    const entityFetch: EntityFetch = { fetch, path: path.join('.'), object: layout };
    return {
      step: fetchEntities(node, { fetch, layout, represent }),
      known: { ...known, entities: [...known.entities, entityFetch] },
    };
  }

  /** Gives a fetch its number. */
  #beginFetch({ serviceName, inputRewrites = [], outputRewrites = [], contextRewrites = [] }: FetchNode): number {
    if (inputRewrites.length + outputRewrites.length + contextRewrites.length > 0) throw new Unspliceable();
    this.#subgraphs.add(serviceName);
    return this.#fetches++;
  }

  #layout(fetch: number, type: GraphQLObjectType, selectionSet: SelectionSetNode, document: ValidOperation['document']): ObjectLayout {
    const { supergraph: schema, conditions } = this.#options;
    const collector = { schema, fragments: fragmentsOf(document), conditions };
    return this.#layouts.object(fetch, type, [{ selectionSet, parent: type }], collector);
  }
}

function rootPlace({ roots, entities }: Known): Place {
  return new Place('', roots, entities);
}

function placeAt(path: ResponsePath, root: Place): Place {
  return path.filter((part) => part !== everyItem).reduce((place: Place, name) => place.descend(String(name)).below, root);
}

function read({ operation: text }: FetchNode): ValidOperation {
  const document = parse(text, { noLocation: true });
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Unspliceable();
  return { document, operation };
}

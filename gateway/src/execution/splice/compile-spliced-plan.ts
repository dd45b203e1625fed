import type { FetchNode, PlanNode, ResponsePath } from '@apollo/query-planner';
import { Kind, parse, type GraphQLObjectType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { fragmentsOf, type ValidOperation } from '../../operation.ts';
import type { ConditionValues } from '../conditions.ts';
import type { ObjectTypes } from '../object-types.ts';
import { chosenBranch } from '../plan/compile-plan.ts';
import type { ObjectShape } from '../shape/response-shape.ts';
import { LayoutBuilder, type ObjectLayout } from './answer-layout.ts';
import { compileRepresentations } from './compile-representations.ts';
import { compileWriter, type Write } from './compile-writer.ts';
import { KnownAnswers } from './known-answers.ts';
import { fetchEntities, fetchRoot, type SpliceStep } from './splice-steps.ts';
import { Unspliceable } from './unspliceable.ts';

/** A plan whose answers are spliced. */
export interface CompiledSplice {
  readonly step: SpliceStep;
  /** Writes `data`. */
  readonly write: Write;
  /** Objects in all layouts. */
  readonly objectCount: number;
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

/** @throws {Unspliceable} for an operation whose response is not spliced of answers */
export function compileSplice(options: SplicedPlanOptions): CompiledSplice {
  return new SpliceCompiler(options).compile();
}

interface CompiledNode {
  readonly step: SpliceStep;
  /** What is known after it. */
  readonly known: KnownAnswers;
}

class SpliceCompiler {
  readonly #options: SplicedPlanOptions;
  readonly #layouts = new LayoutBuilder();
  #fetches = 0;

  constructor(options: SplicedPlanOptions) {
    this.#options = options;
  }

  compile(): CompiledSplice {
    const { node, shape } = this.#options;
    if (!node) throw new Unspliceable('nothing is fetched');
    const { step, known } = this.#node(node, [], KnownAnswers.none);
    const write = compileWriter(shape, known.root);
    return { step, write, objectCount: this.#layouts.objectCount };
  }

  #node(node: PlanNode | undefined, path: ResponsePath, known: KnownAnswers): CompiledNode {
    if (!node) return { step: async () => {}, known };
    switch (node.kind) {
      case 'Sequence':
        return this.#sequence(node.nodes, path, known);
      case 'Parallel':
        return this.#parallel(node.nodes, path, known);
      case 'Flatten':
        return this.#node(node.node, [...path, ...node.path], known);
      case 'Fetch':
        return node.requires ? this.#entityFetch(node, path, known) : this.#rootFetch(node, path, known);
      case 'Condition':
        return this.#node(chosenBranch(node, this.#options.conditions), path, known);
      case 'Defer':
        throw new Unspliceable('something is deferred');
      default:
        return node satisfies never;
    }
  }

  #sequence(nodes: readonly PlanNode[], path: ResponsePath, known: KnownAnswers): CompiledNode {
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
  #parallel(nodes: readonly PlanNode[], path: ResponsePath, known: KnownAnswers): CompiledNode {
    const compiled = nodes.map((node) => this.#node(node, path, known));
    const steps = compiled.map(({ step: each }) => each);
    const step: SpliceStep = async (run) => void (await Promise.all(steps.map(async (each) => await each(run))));
    return { step, known: known.withAllOf(compiled.map(({ known: knownThen }) => knownThen)) };
  }

  #rootFetch(node: FetchNode, path: ResponsePath, known: KnownAnswers): CompiledNode {
    if (path.length > 0) throw new Unspliceable('a root field is fetched below the root');
    const fetch = this.#beginFetch(node);
    const type = this.#options.supergraph.getRootType(node.operationKind);
    if (!type) throw new Unspliceable('a plan is not as plans are');
    const { document, operation } = read(node);
    const layout = this.#layout(fetch, type, operation.selectionSet, document);
    return { step: fetchRoot(node, fetch, layout), known: known.withRoot(layout) };
  }

  #entityFetch(node: FetchNode, path: ResponsePath, known: KnownAnswers): CompiledNode {
    const fetch = this.#beginFetch(node);
    const { document, operation } = read(node);
    const [entities, ...others] = operation.selectionSet.selections;
    if (path.length === 0 || entities?.kind !== Kind.FIELD || !entities.selectionSet || others.length > 0)
      throw new Unspliceable('a plan is not as plans are');
    const layout = this.#layout(fetch, known.placeAt(path).type, entities.selectionSet, document);
    const represent = compileRepresentations({ path, known, requires: node.requires ?? [], types: this.#options.types });
    return {
      step: fetchEntities(node, { fetch, layout, represent }),
      known: known.withEntities({ fetch, path: path.join('.'), object: layout }),
    };
  }

  /** Gives a fetch its number. */
  #beginFetch({ inputRewrites = [], outputRewrites = [], contextRewrites = [] }: FetchNode): number {
    if (inputRewrites.length + outputRewrites.length + contextRewrites.length > 0)
      throw new Unspliceable('what is asked for or answered is rewritten');
    return this.#fetches++;
  }

  #layout(fetch: number, type: GraphQLObjectType, selectionSet: SelectionSetNode, document: ValidOperation['document']): ObjectLayout {
    const { supergraph: schema, conditions } = this.#options;
    const collector = { schema, fragments: fragmentsOf(document), conditions };
    return this.#layouts.object(fetch, type, [{ selectionSet, parent: type }], collector);
  }
}

function read({ operation: text }: FetchNode): ValidOperation {
  const document = parse(text, { noLocation: true });
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Unspliceable('a plan is not as plans are');
  return { document, operation };
}

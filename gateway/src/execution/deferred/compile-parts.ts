import type { DeferNode, PlanNode } from '@apollo/query-planner';
import { Kind, parse, type SelectionSetNode } from 'graphql';
import type { ConditionValues } from '../conditions.ts';
import type { ExecutableOptions } from '../executable-operation.ts';
import { compileStep, chosenBranch } from '../plan/compile-plan.ts';
import type { ObjectTypes } from '../object-types.ts';
import type { Step } from '../plan/plan-run.ts';
import { buildCompositeShape } from '../shape/build-shape.ts';
import type { CompositeShape } from '../shape/response-shape.ts';
import { typeAtPath } from './type-at-path.ts';

/** A part of a response that is delivered by itself. */
export interface ResponsePart {
  /** Response names from the root to the objects that the part belongs to; lists on the way are not shown. */
  readonly path: readonly string[];
  /** As the client calls it. */
  readonly label: string | undefined;
  /** Ids of the fetches after which it can be begun, before the part that it was deferred from has ended. */
  readonly depends: readonly string[];
  readonly step: Step;
  /** Of each object at `path`; null when the part itself has nothing, but its own deferred parts do. */
  readonly shape: CompositeShape | null;
  readonly deferred: readonly ResponsePart[];
}

/** The parts of an operation's response, the first of which holds the others; null when nothing in it is deferred. */
export function compileParts(
  node: PlanNode | undefined,
  options: ExecutableOptions,
  types: ObjectTypes,
  conditions: ConditionValues,
): ResponsePart | null {
  const chosen = resolveConditions(node, conditions);
  if (chosen?.kind !== 'Defer') return null;
  return new PartCompiler(options, types, conditions).partOfDefer(chosen, { path: [], label: undefined, depends: [] });
}

function resolveConditions(node: PlanNode | undefined, conditions: ConditionValues): PlanNode | undefined {
  return node?.kind === 'Condition' ? resolveConditions(chosenBranch(node, conditions), conditions) : node;
}

type PartAddress = Pick<ResponsePart, 'path' | 'label' | 'depends'>;

class PartCompiler {
  readonly #options: ExecutableOptions;
  readonly #types: ObjectTypes;
  readonly #conditions: ConditionValues;

  constructor(options: ExecutableOptions, types: ObjectTypes, conditions: ConditionValues) {
    this.#options = options;
    this.#types = types;
    this.#conditions = conditions;
  }

  partOfDefer({ primary, deferred }: DeferNode, address: PartAddress): ResponsePart {
    return {
      ...address,
      step: compileStep(primary.node, this.#types, this.#conditions),
      shape: this.#shapeOf(primary.subselection, address.path),
      deferred: deferred.map((part) => this.#deferredPart(part)),
    };
  }

  #deferredPart({ node, queryPath, label, depends, subselection }: DeferNode['deferred'][number]): ResponsePart {
    const address = { path: queryPath, label, depends: depends.map(({ id }) => id) };
    const chosen = resolveConditions(node, this.#conditions);
    if (chosen?.kind === 'Defer') return this.partOfDefer(chosen, address);
    const step = compileStep(chosen, this.#types, this.#conditions);
    return { ...address, step, shape: this.#shapeOf(subselection, queryPath), deferred: [] };
  }

  /** @param subselection what the planner says that the part holds, as text of its own making */
  #shapeOf(subselection: string | undefined, path: readonly string[]): CompositeShape | null {
    if (subselection === undefined) return null;
    const { operation, schemas } = this.#options;
    const type = typeAtPath(operation, schemas.api, path);
    return buildCompositeShape(type, parseSelection(subselection), schemas.api, this.#conditions);
  }
}

function parseSelection(text: string): SelectionSetNode {
  const [definition] = parse(text, { noLocation: true }).definitions;
  if (definition?.kind === Kind.OPERATION_DEFINITION) return definition.selectionSet;
  throw new SyntaxError(`This is no selection: ${text}`);
}

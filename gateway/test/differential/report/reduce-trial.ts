import {
  Kind,
  parse,
  print,
  validate,
  visit,
  type ASTNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FragmentSpreadNode,
  type InlineFragmentNode,
  type SelectionSetNode,
} from 'graphql';
import { plan } from '../generated-suite.ts';
import type { SubgraphSdl } from '../schemas/print-subgraph.ts';
import { tryOut, type OurExecutors, type Outcome, type Trial } from '../trial.ts';
import { WorldSupergraph } from '../world/world-supergraph.ts';

export interface ReducedTrial {
  readonly trial: Trial;
  readonly outcome: Outcome;
}

export interface ReduceOptions {
  /** Default: ours. */
  executors?: OurExecutors;
  /** Trials made on the way to a smaller one, at most. Default 1500. */
  mostAttempts?: number;
}

/**
 * Makes a trial in which ours differs as small as it gets while ours still differs: fewer faults, a smaller operation, smaller schemas. One part at
 * a time, until none can go.
 */
export async function reduceTrial(found: ReducedTrial, { executors, mostAttempts = 1500 }: ReduceOptions = {}): Promise<ReducedTrial> {
  let smallest = found;
  let candidates = [...smallerTrials(smallest)];
  let last = 0;
  for (let position = 0, attempts = 0; attempts < mostAttempts && candidates.length > 0; attempts++) {
    const trial = candidates[position % candidates.length]?.();
    const outcome = trial && (await tryOut(trial, executors));
    if (trial && outcome && outcome.differences.length > 0) {
      smallest = { trial, outcome };
      // What follows is now where the removed part was.
      candidates = [...smallerTrials(smallest)];
      last = position;
    } else if (++position - last > candidates.length) {
      break;
    }
  }
  return smallest;
}

type Candidate = () => Trial | null;

function* smallerTrials({ trial, outcome }: ReducedTrial): Generator<Candidate> {
  for (const place of outcome.faults.keys()) {
    const only = new Set([...outcome.faults.keys()].filter((other) => other !== place));
    yield () => ({ ...trial, faults: { ...trial.faults, only } });
  }
  const { document } = trial.planned;
  for (const smaller of smallerDocuments(document, operationKinds)) yield () => withOperation(trial, smaller());
  for (const [index, { sdl }] of trial.planned.supergraph.sources.entries()) {
    const schema = parse(sdl);
    if (/ @(?:external|requires|provides)\b/.test(sdl)) yield () => withSubgraph(trial, index, withoutExternals(schema));
    for (const smaller of smallerDocuments(schema, schemaKinds)) yield () => withSubgraph(trial, index, smaller());
  }
}

const operationKinds: ReadonlySet<string> = new Set([
  Kind.FIELD,
  Kind.INLINE_FRAGMENT,
  Kind.FRAGMENT_SPREAD,
  Kind.DIRECTIVE,
  Kind.ARGUMENT,
]);
const schemaKinds: ReadonlySet<string> = new Set([
  Kind.FIELD_DEFINITION,
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.DIRECTIVE,
]);

/** Each with one node less. Selections of a fragment take its place; what nothing names any more goes, too. */
function* smallerDocuments(document: DocumentNode, kinds: ReadonlySet<string>): Generator<() => DocumentNode> {
  const nodes: ASTNode[] = [];
  visit(document, { enter: (node) => void (kinds.has(node.kind) && nodes.push(node)) });
  for (const removed of nodes) {
    yield () => withoutUnused(visit(document, { enter: (node) => (node === removed ? null : undefined) }));
    if (removed.kind === Kind.INLINE_FRAGMENT) yield () => withoutUnused(spreadOut(document, removed));
    if (removed.kind === Kind.FRAGMENT_SPREAD) yield () => withoutUnused(inlined(document, removed));
  }
}

/** Fields of other subgraphs go only with all that needs them: one by one, each is needed or needs another. */
function withoutExternals(document: DocumentNode): DocumentNode {
  return visit(document, {
    FieldDefinition: (field) => (dependsOnOthers(field) ? null : undefined),
    Directive: ({ name }) => (name.value === 'provides' ? null : undefined),
  });
}

function dependsOnOthers({ directives = [] }: FieldDefinitionNode): boolean {
  return directives.some(({ name }) => name.value === 'external' || name.value === 'requires');
}

function spreadOut(document: DocumentNode, fragment: ASTNode & { selectionSet: SelectionSetNode }): DocumentNode {
  return visit(document, {
    SelectionSet: (node) => ({
      ...node,
      selections: node.selections.flatMap((each) => (each === fragment ? fragment.selectionSet.selections : [each])),
    }),
  });
}

function inlined(document: DocumentNode, spread: FragmentSpreadNode): DocumentNode {
  const fragment = document.definitions.find((each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === spread.name.value);
  if (fragment?.kind !== Kind.FRAGMENT_DEFINITION) return document;
  const { typeCondition, selectionSet } = fragment;
  const inline: InlineFragmentNode = { ...spread, kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet };
  return visit(document, { FragmentSpread: (node) => (node === spread ? inline : undefined) });
}

function withoutUnused(document: DocumentNode): DocumentNode {
  const text = print(document);
  const isUsed = (name: string) => new RegExp(`\\.\\.\\.${name}\\b`).test(text);
  const kept = document.definitions.filter((each) => each.kind !== Kind.FRAGMENT_DEFINITION || isUsed(each.name.value));
  const used = new Set([...text.matchAll(/\$(\w+)(?!\w*:)/g)].map(([, name]) => name));
  const next = visit(
    { ...document, definitions: kept },
    { VariableDefinition: (node) => (used.has(node.variable.name.value) ? undefined : null) },
  );
  return kept.length === document.definitions.length ? next : withoutUnused(next);
}

function withOperation(trial: Trial, document: DocumentNode): Trial | null {
  const { supergraph, variables, isPlain } = trial.planned;
  return replanned(trial, supergraph, { text: print(document), variables, isPlain });
}

function withSubgraph(trial: Trial, index: number, document: DocumentNode): Trial | null {
  const { supergraph, variables, isPlain } = trial.planned;
  const source = supergraph.sources[index];
  const smaller = source && composed(supergraph.sources.with(index, { ...source, sdl: print(document) }));
  return smaller ? replanned(trial, smaller, { text: print(trial.planned.document), variables, isPlain }) : null;
}

function replanned(trial: Trial, supergraph: WorldSupergraph, operation: Parameters<typeof plan>[1]): Trial | null {
  try {
    if (validate(supergraph.api, parse(operation.text)).length > 0) return null;
    const planned = plan(supergraph, operation);
    return typeof planned === 'string' ? null : { ...trial, planned };
  } catch {
    // What is left is no document any more.
    return null;
  }
}

function composed(sources: readonly SubgraphSdl[]): WorldSupergraph | null {
  try {
    const supergraph = WorldSupergraph.compose(sources);
    return supergraph instanceof WorldSupergraph ? supergraph : null;
  } catch {
    return null;
  }
}

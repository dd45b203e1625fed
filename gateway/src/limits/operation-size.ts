import { Kind, type FragmentDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { OperationTooComplexError } from '../errors.ts';
import { oncePerOperation } from '../once-per-operation.ts';
import { fragmentsOf, type ValidOperation } from '../operation.ts';

export interface OperationLimits {
  /** Bytes of a request's body. Default 1 MiB. */
  bodyBytes: number;
  /** Tokens of a document. Default 5000. */
  tokens: number;
  /** Fields within fields. Default 15. */
  depth: number;
  /** Fields and fragments in all, those in a fragment counted wherever it is spread. Default 5000. */
  selections: number;
  /** Values that the answer may hold, if every page is full. Default 100000. */
  values: number;
}

export const defaultLimits: OperationLimits = { bodyBytes: 1024 * 1024, tokens: 5000, depth: 15, selections: 5000, values: 100_000 };

interface Size {
  readonly depth: number;
  readonly selections: number;
}

const nothing: Size = { depth: 0, selections: 0 };
const one: Size = { depth: 0, selections: 1 };

/** @throws {OperationTooComplexError} */
export type CheckOperationSize = (operation: ValidOperation) => void;

/** Makes the check of an operation's size, which is measured once for each parsed document. */
export function createSizeCheck(limits: Pick<OperationLimits, 'depth' | 'selections'>): CheckOperationSize {
  const sizeOf = oncePerOperation(measureOperation);
  return (operation) => {
    const size = sizeOf(operation);
    if (size.depth > limits.depth) throw tooComplex(`is ${size.depth} fields deep`, limits.depth);
    if (size.selections > limits.selections) throw tooComplex(`has ${size.selections} fields and fragments`, limits.selections);
  };
}

export function tooComplex(size: string, limit: number): OperationTooComplexError {
  return new OperationTooComplexError(`The operation ${size}; ${limit} are allowed. Ask for less at once.`);
}

/** Linear in the length of the document, however often fragments are spread. Introspection, which nests deeply, has no depth. */
export function measureOperation({ document, operation }: ValidOperation): Size {
  const fragments = fragmentsOf(document);
  const measured = new Map<FragmentDefinitionNode, Size>();

  function sizeOfSelections({ selections }: SelectionSetNode): Size {
    return selections.map(sizeOfSelection).reduce(sum, nothing);
  }
  // Fragments and __typename count as well: the planner unfolds them, so that fragments of nothing else could double without end.
  function sizeOfSelection(selection: SelectionNode): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return sum(one, sizeOfFragment(fragments.get(selection.name.value)));
    const inner = selection.selectionSet ? sizeOfSelections(selection.selectionSet) : nothing;
    if (selection.kind === Kind.INLINE_FRAGMENT) return sum(one, inner);
    const isIntrospection = selection.name.value.startsWith('__');
    return { depth: isIntrospection ? 0 : inner.depth + 1, selections: inner.selections + 1 };
  }
  function sizeOfFragment(fragment: FragmentDefinitionNode | undefined): Size {
    if (!fragment) return nothing;
    const size = measured.get(fragment) ?? sizeOfSelections(fragment.selectionSet);
    measured.set(fragment, size);
    return size;
  }
  return sizeOfSelections(operation.selectionSet);
}

function sum(left: Size, right: Size): Size {
  return { depth: Math.max(left.depth, right.depth), selections: left.selections + right.selections };
}

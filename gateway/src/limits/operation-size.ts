import { Kind, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { OperationTooComplexError } from '../errors.ts';
import { fragmentsOf, type ValidOperation } from '../operation.ts';

export interface OperationLimits {
  /** Bytes of a request's body. Default 1 MiB. */
  bodyBytes: number;
  /** Tokens of a document. Default 5000. */
  tokens: number;
  /** Fields within fields. Default 15. */
  depth: number;
  /** Fields in all, each fragment counted wherever it is spread. Default 5000. */
  fields: number;
}

export const defaultLimits: OperationLimits = { bodyBytes: 1024 * 1024, tokens: 5000, depth: 15, fields: 5000 };

interface Size {
  readonly depth: number;
  readonly fields: number;
}

const nothing: Size = { depth: 0, fields: 0 };

/** @throws {OperationTooComplexError} */
export type CheckOperationSize = (operation: ValidOperation) => void;

/** Makes the check of an operation's size, which is measured once for each parsed document. */
export function createSizeCheck(limits: Pick<OperationLimits, 'depth' | 'fields'>): CheckOperationSize {
  const sizes = new WeakMap<OperationDefinitionNode, Size>();
  return (operation) => {
    const size = sizes.get(operation.operation) ?? measure(operation);
    sizes.set(operation.operation, size);
    if (size.depth > limits.depth) throw tooComplex(`is ${size.depth} fields deep`, limits.depth);
    if (size.fields > limits.fields) throw tooComplex(`asks for ${size.fields} fields`, limits.fields);
  };
}

function tooComplex(size: string, limit: number): OperationTooComplexError {
  return new OperationTooComplexError(`The operation ${size}; ${limit} are allowed. Ask for less at once.`);
}

/** Linear in the length of the document, however often fragments are spread. Introspection is not measured. */
function measure({ document, operation }: ValidOperation): Size {
  const fragments = fragmentsOf(document);
  const measured = new Map<FragmentDefinitionNode, Size>();

  function sizeOfSelections({ selections }: SelectionSetNode): Size {
    return selections.map(sizeOfSelection).reduce(sum, nothing);
  }
  function sizeOfSelection(selection: SelectionNode): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return sizeOfFragment(fragments.get(selection.name.value));
    if (selection.kind === Kind.INLINE_FRAGMENT) return sizeOfSelections(selection.selectionSet);
    if (selection.name.value.startsWith('__')) return nothing;
    const inner = selection.selectionSet ? sizeOfSelections(selection.selectionSet) : nothing;
    return { depth: inner.depth + 1, fields: inner.fields + 1 };
  }
  function sizeOfFragment(fragment: FragmentDefinitionNode | undefined): Size {
    if (!fragment) return nothing;
    const size = measured.get(fragment) ?? sizeOfSelections(fragment.selectionSet);
    measured.set(fragment, size);
    return size;
  }
  return sizeOfSelections(operation.selectionSet);
}

function sum(one: Size, other: Size): Size {
  return { depth: Math.max(one.depth, other.depth), fields: one.fields + other.fields };
}

import type { LeafKind } from './response-shape.ts';

/** Whether a subgraph's value, which is not null, can stand for a leaf of this kind. */
export function isLeafValue(value: unknown, leaf: LeafKind): boolean {
  switch (leaf.kind) {
    case 'any':
      return true;
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Int':
      return isWholeNumber(value);
    case 'Float':
      return typeof value === 'number' && Number.isFinite(value);
    case 'String':
      return typeof value === 'string';
    case 'ID':
      return typeof value === 'string' || isWholeNumber(value);
    case 'enum':
      return typeof value === 'string' && leaf.values.has(value);
    default:
      return leaf satisfies never;
  }
}

/** Written without a fraction or an exponent, so that it is read back as it is. */
function isWholeNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e21;
}

import type { OperationDefinitionNode } from 'graphql';
import type { ValidOperation } from './operation.ts';

/** Has `workOut` done once for each parsed operation, whose value is kept for as long as the operation is. */
export function oncePerOperation<Value extends object, More extends readonly unknown[]>(
  workOut: (operation: ValidOperation, ...more: More) => Value,
): (operation: ValidOperation, ...more: More) => Value {
  const values = new WeakMap<OperationDefinitionNode, Value>();
  return (operation, ...more) => {
    const known = values.get(operation.operation);
    if (known !== undefined) return known;
    const value = workOut(operation, ...more);
    values.set(operation.operation, value);
    return value;
  };
}

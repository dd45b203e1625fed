import type { FuzzOperation } from './attempt.ts';
import { detachedOperations } from './detached-operations.ts';
import { extensionOperations } from './extension-operations.ts';
import { readOperations } from './read-operations.ts';
import { transactionOperations } from './transaction-operations.ts';
import { writeOperations } from './write-operations.ts';

const groups = {
  read: readOperations,
  write: writeOperations,
  transaction: transactionOperations,
  extension: extensionOperations,
  detached: detachedOperations,
};

/** All operations, by a name that tells their group. */
export const fuzzOperations: readonly (readonly [name: string, operation: FuzzOperation])[] = Object.entries(groups).flatMap(
  ([group, operations]) => Object.entries(operations).map(([name, operation]) => [`${group}.${name}`, operation] as const),
);

import { visit } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { AcceptedOperation } from './request-record.ts';

/** Bytes that what is known takes at most, by estimate. */
const keptBytes = 64 * 1024 * 1024;

/** Bytes of heap that a node of a parsed document takes, with its place and its token: measured over names of 1 to 3 characters. */
const bytesPerNode = 270;

/** Different values of the header `accept` that are known. */
const keptAcceptHeaders = 256;

/** The body of a request that asks for an operation by its text. */
export interface OperationBody {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * What Apollo Server has decided before and would decide again: which text is which valid operation, and what media type an `accept`
 * header gets.
 */
export class KnownOperations {
  readonly #operations = new LRUCache<string, Map<string | null, AcceptedOperation>>({
    maxSize: keptBytes,
    sizeCalculation: (named, query) => query.length + estimateBytes(named),
  });
  readonly #mediaTypes = new LRUCache<string, string>({ max: keptAcceptHeaders });

  find({ query, operationName }: OperationBody): AcceptedOperation | undefined {
    return this.#operations.get(query)?.get(operationName);
  }

  learn({ query, operationName }: OperationBody, operation: AcceptedOperation): void {
    const named = new Map(this.#operations.get(query));
    this.#operations.set(query, named.set(operationName, operation));
  }

  forgetOperations(): void {
    this.#operations.clear();
  }

  mediaTypeFor(accept: string | undefined): string | undefined {
    return this.#mediaTypes.get(accept ?? '');
  }

  learnMediaType(accept: string | undefined, mediaType: string): void {
    this.#mediaTypes.set(accept ?? '', mediaType);
  }
}

/** Of documents that were parsed apart, though their text is one. */
function estimateBytes(named: ReadonlyMap<string | null, AcceptedOperation>): number {
  const documents = new Set([...named.values()].map(({ operation }) => operation.document));
  let nodes = 0;
  for (const document of documents) visit(document, { enter: () => void nodes++ });
  return nodes * bytesPerNode;
}

/** Reads the body of a plain request; null when it has anything about it that is for Apollo Server to look at. */
export function readOperationBody(body: unknown): OperationBody | null {
  if (!isRecord(body)) return null;
  const { query, operationName = null, variables, extensions } = body;
  if (typeof query !== 'string' || query === '') return null;
  if (operationName !== null && typeof operationName !== 'string') return null;
  if (extensions !== undefined && extensions !== null) return null;
  if (variables === undefined || variables === null) return { query, operationName, variables: {} };
  return isRecord(variables) ? { query, operationName, variables } : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

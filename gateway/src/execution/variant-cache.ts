import { LRUCache } from 'lru-cache';
import type { Variant } from './compile-variant.ts';

/** Bytes that the variants of all operations take at most, by estimate. */
const keptBytes = 64 * 1024 * 1024;

interface KeptVariant {
  readonly variant: Variant;
  readonly bytes: number;
}

/**
 * Operations compiled for the values of their condition variables: those of all operations of a supergraph together, for a client that
 * chooses values can have one operation compiled in more ways than could be held. Those that are used least make room.
 */
export class VariantCache {
  readonly #variants = new LRUCache<string, KeptVariant>({ maxSize: keptBytes, sizeCalculation: ({ bytes }) => bytes });
  #operations = 0;

  /** Tells one operation's variants from another's. */
  nextOperationId(): number {
    return this.#operations++;
  }

  /**
   * @param key of the values of the condition variables
   * @param bytes that the variant takes, if it has to be compiled
   */
  get(operationId: number, key: string, bytes: number, compile: () => Variant): Variant {
    const id = `${operationId} ${key}`;
    const kept = this.#variants.get(id);
    if (kept) return kept.variant;
    const variant = compile();
    this.#variants.set(id, { variant, bytes });
    return variant;
  }
}

import { createHash } from 'node:crypto';

/** What a file is in the store: what decompresses well may still have been cut off, added to, or changed where nobody reads it. */
export interface Stored {
  readonly storedBytes: number;
  /** SHA-256 in hexadecimal. */
  readonly storedSha256: string;
}

export interface StoredTally {
  /** Lets everything through as it is. */
  readonly pass: (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  /** Once, after all went through. */
  readonly tallied: () => Stored;
}

export function createStoredTally(): StoredTally {
  const hash = createHash('sha256');
  let storedBytes = 0;
  return {
    async *pass(chunks) {
      for await (const chunk of chunks) {
        storedBytes += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    },
    tallied: () => ({ storedBytes, storedSha256: hash.digest('hex') }),
  };
}

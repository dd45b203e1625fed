import type { SubgraphAnswer } from './subgraph-transport.ts';

/** An answer that was left as it came, and the places of what was looked for in it. Whoever shares it must not change it. */
export interface ScannedAnswer {
  readonly bytes: Buffer;
  readonly tape: readonly number[];
  /** How many have it. */
  holders: number;
}

/** Goes by what JSON cannot hold, for a subgraph may put any fields into its answers. */
export function isScanned(answer: SubgraphAnswer): answer is ScannedAnswer {
  return 'bytes' in answer && Buffer.isBuffer(answer.bytes);
}

/** The answer, for one more who has it. */
export function shareAnswer(answer: ScannedAnswer): ScannedAnswer {
  answer.holders++;
  return answer;
}

/** Bytes from which the memory of an answer is worth giving back. */
const longAnswer = 64 * 1024;

/**
 * For who has taken what they need out of an answer. When nobody has it any longer, the memory of a long one is given back at once: V8
 * finds it by marking the whole heap, for every 64 MB of such memory, which is more work than everything else that is done with it.
 */
export function releaseAnswer(answer: ScannedAnswer): void {
  answer.holders--;
  const { buffer, byteLength } = answer.bytes;
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (answer.holders === 0 && byteLength >= longAnswer && isAlone) buffer.transfer(0);
}

import type { OperationRequest } from '../executable-operation.ts';
import { ByteWriter } from './byte-writer.ts';
import { compileSplice, type CompiledSplice, type SplicedPlanOptions } from './compile-spliced-plan.ts';
import type { Exchange } from './exchanges.ts';
import { SpliceRun } from './splice-run.ts';
import { textBytes } from './scan-json.ts';

const head = textBytes('{"data":');
const tail = textBytes('}');

/** Bytes of a response beside those of answers, for the most part. */
const spareBytes = 256;

/** Surprises in a row after which a plan's answers are seen not to be of the kind that is spliced. */
const mostSurprises = 32;

/**
 * A plan whose response is put together of pieces of the answers, as bytes, none of which is parsed: for answers without a fault, each
 * of whose values is where it was asked for and what the schema has it be. Any other is a surprise, and then nothing of it counts:
 * the plan is executed in the general way, by what subgraphs have answered already.
 */
export class SplicedPlan {
  readonly #splice: CompiledSplice;
  #surprisesInARow = 0;

  private constructor(splice: CompiledSplice) {
    this.#splice = splice;
  }

  /** Null for an operation that is always executed in the general way. */
  static compile(options: SplicedPlanOptions): SplicedPlan | null {
    const splice = compileSplice(options);
    return splice && new SplicedPlan(splice);
  }

  /** Whether it is worth trying: answers come as bytes, and were as expected mostly. */
  isFor({ hasBytes }: OperationRequest): boolean {
    if (!hasBytes || this.#surprisesInARow >= mostSurprises) return false;
    for (const subgraph of this.#splice.subgraphs) if (!hasBytes(subgraph)) return false;
    return true;
  }

  /** @returns the response, or, after a surprise, what subgraphs have been asked so far. Does not reject for what they do */
  async execute(request: OperationRequest): Promise<Buffer | readonly Exchange[]> {
    const { step, write, objectCount } = this.#splice;
    const run = new SpliceRun(request, objectCount);
    await step(run);
    if (run.isSurprised) {
      this.#surprisesInARow++;
      return run.exchanges;
    }
    this.#surprisesInARow = 0;
    const out = new ByteWriter(run.byteCount + spareBytes);
    run.start();
    out.writeAll(head);
    write(run, out);
    out.writeAll(tail);
    return out.written;
  }
}

import type { OperationRequest } from '../executable-operation.ts';
import { ByteWriter } from './byte-writer.ts';
import { compileSplice, type CompiledSplice, type SplicedPlanOptions } from './compile-spliced-plan.ts';
import type { Exchange } from './exchanges.ts';
import { Prospects } from './prospects.ts';
import { SpliceRun } from './splice-run.ts';
import { textBytes } from './scan-json.ts';
import { nullIfUnspliceable } from './unspliceable.ts';

const head = textBytes('{"data":');
const tail = textBytes('}');

/** Bytes of a response beside those of answers, for the most part. */
const spareBytes = 256;

/** Times the length of answers that a response is given room for from the start. */
const mostExpansion = 2;

/**
 * A plan whose response is put together of pieces of the answers, as bytes, none of which is parsed: for answers without a fault, each
 * of whose values is where it was asked for and what the schema has it be. Any other is a surprise, and then nothing of it counts:
 * the plan is executed in the general way, by what subgraphs have answered already.
 */
export class SplicedPlan {
  readonly #splice: CompiledSplice;
  readonly #prospects = new Prospects();
  /** How long the last response was, by the length of its answers: entities that are in several places make it longer. */
  #expansion = 1;

  private constructor(splice: CompiledSplice) {
    this.#splice = splice;
  }

  /** Null for an operation that is always executed in the general way. */
  static compile(options: SplicedPlanOptions): SplicedPlan | null {
    const splice = nullIfUnspliceable(() => compileSplice(options));
    return splice && new SplicedPlan(splice);
  }

  /** Whether answers were as expected mostly. To be asked once for each request. */
  isWorthTrying(): boolean {
    return this.#prospects.isWorthTrying();
  }

  /** @returns the response, or, after a surprise, what subgraphs have been asked so far. Does not reject for what they do */
  async execute(request: OperationRequest): Promise<Buffer | readonly Exchange[]> {
    const run = new SpliceRun(request, this.#splice.objectCount);
    await this.#splice.step(run);
    const response = run.isSurprised ? null : nullIfUnspliceable(() => this.#write(run));
    if (response) this.#prospects.succeeded();
    else this.#prospects.surprised();
    return response ?? run.exchanges;
  }

  #write(run: SpliceRun): Buffer {
    const out = new ByteWriter(run.byteCount * Math.min(this.#expansion, mostExpansion) + spareBytes);
    run.start();
    out.writeAll(head);
    this.#splice.write(run, out);
    out.writeAll(tail);
    this.#expansion = Math.max(1, out.written.length / run.byteCount);
    run.releaseAnswers();
    return out.written;
  }
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AnswerTooLargeError } from '../../errors.ts';

export interface HttpAnswer {
  readonly status: number;
  /** `content-encoding` of the body; undefined where it is plain. */
  readonly coding: string | undefined;
  readonly body: Buffer;
}

const nothing = Buffer.alloc(0);

/** Takes one answer of an undici dispatcher as a whole, and no more of it than is allowed. */
export class AnswerCollector implements Dispatcher.DispatchHandler {
  /** Rejects with the reason of {@link abort}, with what broke the connection, or with an {@link AnswerTooLargeError}. */
  readonly answer: Promise<HttpAnswer>;
  readonly #maxBytes: number;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #coding: string | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #abortedBy: Error | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Gives the answer up at once, also while the request waits for a connection. */
  abort(reason: Error): void {
    this.#abortedBy = reason;
    this.#controller?.abort(reason);
    this.#reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortedBy) controller.abort(this.#abortedBy);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#coding = headers['content-encoding'];
    if (Number(headers['content-length']) > this.#maxBytes) this.abort(new AnswerTooLargeError(this.#maxBytes));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.abort(new AnswerTooLargeError(this.#maxBytes));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first = nothing] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#bytes) : first;
    const coding = this.#coding === 'identity' || this.#coding === '' ? undefined : this.#coding;
    this.#resolve({ status: this.#status, coding, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

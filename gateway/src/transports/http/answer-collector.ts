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

/** Bytes from which a body goes to its place at once, as it comes, if its length is told: else all its pieces are held until the last. */
const longBody = 64 * 1024;

/** Takes one answer of an undici dispatcher as a whole, and no more of it than is allowed. */
export class AnswerCollector implements Dispatcher.DispatchHandler {
  /** Rejects with the reason of {@link abort}, with what broke the connection, or with an {@link AnswerTooLargeError}. */
  readonly answer: Promise<HttpAnswer>;
  readonly #maxBytes: number;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Buffer[] = [];
  /** Of the length that was told, for a long one. */
  #longBody: Buffer | undefined;
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
    const length = Number(headers['content-length']);
    if (length > this.#maxBytes) this.abort(new AnswerTooLargeError(this.#maxBytes));
    else if (length >= longBody) this.#longBody = Buffer.allocUnsafeSlow(length);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const start = this.#bytes;
    this.#bytes += chunk.length;
    const mostBytes = this.#longBody?.length ?? this.#maxBytes;
    if (this.#bytes > mostBytes) this.abort(new AnswerTooLargeError(mostBytes));
    else if (this.#longBody) chunk.copy(this.#longBody, start);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = this.#longBody?.subarray(0, this.#bytes) ?? joined(this.#chunks, this.#bytes);
    const coding = this.#coding === 'identity' || this.#coding === '' ? undefined : this.#coding;
    this.#resolve({ status: this.#status, coding, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  const [first = nothing] = chunks;
  return chunks.length > 1 ? Buffer.concat(chunks, length) : first;
}

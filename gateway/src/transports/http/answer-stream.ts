import type { IncomingHttpHeaders } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import type { Dispatcher } from 'undici';
import { AnswerTooLargeError, SubgraphFetchError } from '../../errors.ts';
import { EventStreamParser, type StreamedEvent } from './event-stream-parser.ts';
import { parseAnswer } from './graphql-answer.ts';

/** Answers that wait to be taken, beyond which the connection is not read. */
const heldAnswers = 16;

type Step = IteratorResult<FormattedExecutionResult, undefined>;
type End = { readonly kind: 'complete' } | { readonly kind: 'failed'; readonly reason: unknown };

interface Taker {
  resolve(step: Step): void;
  reject(reason: unknown): void;
}

const done: Step = { done: true, value: undefined };

/**
 * The answers of one undici request as they arrive: events by the protocol of graphql-sse in its "distinct connections" mode, or one
 * answer as a whole, with which a subgraph refuses a subscription.
 */
export class AnswerStream implements Dispatcher.DispatchHandler, AsyncIterableIterator<FormattedExecutionResult, undefined> {
  readonly #maxBytes: number;
  readonly #parser: EventStreamParser;
  readonly #onEnd: () => void;
  readonly #answers: FormattedExecutionResult[] = [];
  readonly #takers: Taker[] = [];
  #end: End | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #isEvents = false;
  #refusal: Buffer[] = [];
  #refusalBytes = 0;

  /**
   * @param maxBytes of one answer at most
   * @param onEnd called once, when nothing more arrives
   */
  constructor(maxBytes: number, onEnd: () => void) {
    this.#maxBytes = maxBytes;
    this.#parser = new EventStreamParser(maxBytes);
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    const answer = this.#answers.shift();
    if (answer) {
      if (this.#answers.length < heldAnswers) this.#controller?.resume();
      return { done: false, value: answer };
    }
    if (this.#end) return this.#finish(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<Step>();
    this.#takers.push({ resolve, reject });
    return await promise;
  }

  async return(): Promise<Step> {
    this.#answers.length = 0;
    this.#close({ kind: 'complete' }, new Error('Nobody listens any longer.'));
    return done;
  }

  /** Ends the stream with an error, before any answer that is still held. */
  abort(reason: Error): void {
    this.#answers.length = 0;
    this.#close({ kind: 'failed', reason }, reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end) controller.abort(new Error('Nobody listens any longer.'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#isEvents = headers['content-type']?.startsWith('text/event-stream') ?? false;
    if (headers['content-encoding']) this.abort(new SubgraphFetchError('The answers are compressed, which was not asked for.'));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end) return;
    try {
      if (this.#isEvents) for (const event of this.#parser.push(chunk)) this.#take(event);
      else this.#keep(chunk);
    } catch (error) {
      return this.abort(error instanceof RangeError ? new AnswerTooLargeError(this.#maxBytes, { cause: error }) : toError(error));
    }
    if (this.#answers.length >= heldAnswers) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#end) return;
    if (this.#isEvents) return this.#close({ kind: 'failed', reason: new SubgraphFetchError('The answers broke off before their end.') });
    try {
      this.#give(parseAnswer(Buffer.concat(this.#refusal, this.#refusalBytes).toString(), this.#status));
      this.#close({ kind: 'complete' });
    } catch (reason) {
      this.#close({ kind: 'failed', reason });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, reason: Error): void {
    this.#close({ kind: 'failed', reason });
  }

  #take({ type, data }: StreamedEvent): void {
    if (this.#end) return;
    if (type === 'complete') this.#close({ kind: 'complete' }, new Error('The answers are complete.'));
    else if (type === 'next') this.#give(parseAnswer(data, this.#status));
  }

  #keep(chunk: Buffer): void {
    this.#refusalBytes += chunk.length;
    if (this.#refusalBytes > this.#maxBytes) throw new AnswerTooLargeError(this.#maxBytes);
    this.#refusal.push(chunk);
  }

  #give(answer: FormattedExecutionResult): void {
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ done: false, value: answer });
    else this.#answers.push(answer);
  }

  /** @param cut why the connection is cut, if it is still open */
  #close(end: End, cut?: Error): void {
    if (this.#end) return;
    this.#end = end;
    if (cut) this.#controller?.abort(cut);
    this.#onEnd();
    const [first, ...others] = this.#takers.splice(0);
    if (!first) return;
    try {
      first.resolve(this.#finish(end));
    } catch (reason) {
      first.reject(reason);
    }
    for (const taker of others) taker.resolve(done);
  }

  /** An error is told once, as of any iterator that has ended. */
  #finish(end: End): Step {
    this.#end = { kind: 'complete' };
    if (end.kind === 'failed') throw end.reason;
    return done;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

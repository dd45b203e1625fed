import { releaseAnswer, type ScannedAnswer } from '../../transports/scanned-answer.ts';
import type { OperationRequest } from '../executable-operation.ts';
import type { Exchange } from './exchanges.ts';

/** The record of the root, on the tape of every answer to root fields. */
const rootRecord = 0;

/** One execution of a spliced plan: the answers so far, and where in them whoever goes through the response is. */
export class SpliceRun {
  readonly request: OperationRequest;
  /** All that subgraphs were asked. */
  readonly exchanges: Exchange[] = [];
  #isSurprised = false;
  readonly #answers: ScannedAnswer[] = [];
  /** By fetch: the record of each object that entities were fetched for, in the order in which they are visited. */
  readonly #entities: (readonly number[])[] = [];
  /** By fetch: how many of these were visited. */
  readonly #visited: number[] = [];
  /** By the ids of objects: where one is at present. */
  readonly #records: number[];

  /** @param objectCount objects in all layouts of the plan */
  constructor(request: OperationRequest, objectCount: number) {
    this.request = request;
    this.#records = Array.from({ length: objectCount }, () => rootRecord);
  }

  /** Whether something is not as it is when responses are spliced, so that the plan has to be executed otherwise. */
  get isSurprised(): boolean {
    return this.#isSurprised;
  }

  surprise(): void {
    this.#isSurprised = true;
  }

  get byteCount(): number {
    return this.#answers.reduce((sum, answer) => sum + (answer ? answer.bytes.length : 0), 0);
  }

  take(fetch: number, answer: ScannedAnswer): void {
    this.#answers[fetch] = answer;
  }

  takeEntities(fetch: number, records: readonly number[]): void {
    this.#entities[fetch] = records;
  }

  /** Nothing of the answers is needed any longer. */
  releaseAnswers(): void {
    for (const answer of this.#answers) if (answer) releaseAnswer(answer);
  }

  bytesOf(fetch: number): Buffer {
    return this.#answers[fetch]!.bytes;
  }

  tapeOf(fetch: number): readonly number[] {
    return this.#answers[fetch]!.tape;
  }

  recordOf(objectId: number): number {
    return this.#records[objectId]!;
  }

  setRecord(objectId: number, record: number): void {
    this.#records[objectId] = record;
  }

  /** Begins to go through the response, or through a part of it. */
  start(): void {
    this.#visited.length = 0;
  }

  nextEntity(fetch: number): number {
    const visited = this.#visited[fetch] ?? 0;
    this.#visited[fetch] = visited + 1;
    return this.#entities[fetch]![visited]!;
  }
}

import { isDeepStrictEqual } from 'node:util';
import { makeExecutable } from '../../src/execution/executable-operation.ts';
import type { FetchFromSubgraph } from '../../src/execution/plan/plan-run.ts';
import { parseAnswer } from '../../src/transports/http/graphql-answer.ts';
import { planOver } from '../differential/executors/plan-over.ts';

/** What each subgraph answers, one after the other: letters that stand for one byte each (Latin-1). */
export type Answers = Readonly<Record<string, readonly (string | Error)[]>>;

export interface Sent {
  /** The response's JSON. */
  readonly result: string;
  readonly isSpliced: boolean;
  /** Subgraphs in the order in which they were asked, and the representations that they were given. */
  readonly asked: readonly string[];
}

export interface SendOptions {
  readonly hasBytes?: boolean;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/**
 * Compiles an operation once. Each execution of it is made a second time, by subgraphs that have no bytes.
 *
 * @throws {Error} from an execution that comes to something else than the one without bytes, or asks for something else
 */
export function overBytes(
  subgraphs: Readonly<Record<string, string>>,
  text: string,
): (answers: Answers, options?: SendOptions) => Promise<Sent> {
  const { plan, document, operation, supergraph } = planOver(subgraphs, text);
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  const executable = makeExecutable({ plan, operation: { document, operation }, schemas });
  async function send(answers: Answers, { hasBytes = true, variables = {} }: SendOptions): Promise<Sent> {
    const asked: string[] = [];
    const fetch = answering(answers, asked);
    const result = await executable.executeToSend({ variables, fetch, hasBytes: () => hasBytes });
    return { asked, isSpliced: Buffer.isBuffer(result), result: Buffer.isBuffer(result) ? result.toString() : JSON.stringify(result) };
  }
  return async (answers, options = {}) => {
    const sent = await send(answers, options);
    const other = await send(answers, { ...options, hasBytes: false });
    if (!isDeepStrictEqual(JSON.parse(sent.result), JSON.parse(other.result))) throw new Error(`${sent.result}\nis not\n${other.result}`);
    if (!isDeepStrictEqual(sent.asked.toSorted(), other.asked.toSorted()))
      throw new Error(`${sent.asked.join('\n')}\nis not\n${other.asked.join('\n')}`);
    return sent;
  };
}

function answering(answers: Answers, asked: string[]): FetchFromSubgraph {
  const left = new Map(Object.entries(answers).map(([name, texts]) => [name, [...texts]]));
  return async (subgraph, { representations, variables, scan }) => {
    asked.push(`${subgraph} ${representations ?? JSON.stringify(variables?.['representations'] ?? null)}`);
    const answer = left.get(subgraph)?.shift();
    if (answer === undefined) throw new RangeError(`${subgraph} was asked once too often.`);
    if (answer instanceof Error) throw answer;
    const bytes = Buffer.from(answer, 'latin1');
    return scan?.(bytes) ?? parseAnswer(bytes.toString(), 200);
  };
}

/** Text with letters beyond Latin-1, as its bytes in {@link Answers}. */
export function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

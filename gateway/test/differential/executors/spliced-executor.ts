import { z } from 'zod';
import { ConditionVariables } from '../../../src/execution/conditions.ts';
import type { ExecutableOperation } from '../../../src/execution/executable-operation.ts';
import { ObjectTypes } from '../../../src/execution/object-types.ts';
import type { FetchFromSubgraph } from '../../../src/execution/plan/plan-run.ts';
import { buildShape } from '../../../src/execution/shape/build-shape.ts';
import { compileSplice } from '../../../src/execution/splice/compile-spliced-plan.ts';
import { Unspliceable } from '../../../src/execution/splice/unspliceable.ts';
import { hash } from '../world/hash.ts';
import type { AskSubgraph, Execute, PlannedOperation, Splicing } from './executor.ts';
import { compileOurs } from './our-executor.ts';

interface CompiledOperation {
  readonly executable: ExecutableOperation;
  /** Of its responses that are not spliced. */
  readonly otherwise: Splicing;
}

/** Ours, with subgraphs that answer in bytes, so that responses are spliced of them where that is possible. */
export function executeSpliced(): Execute {
  const compiled = new WeakMap<PlannedOperation, CompiledOperation>();
  return async (planned, ask) => {
    const operation = compiled.get(planned) ?? { executable: compileOurs(planned), otherwise: whyNotSpliced(planned) };
    compiled.set(planned, operation);
    const { executable, otherwise } = operation;
    const result = await executable.executeToSend({ variables: planned.variables, fetch: fetchBytes(ask), hasBytes: () => true });
    return Buffer.isBuffer(result)
      ? { ...responseSchema.parse(JSON.parse(result.toString())), splicing: 'spliced' }
      : { ...result, splicing: otherwise };
  };
}

const responseSchema = z.strictObject({ data: z.unknown() });
const representationsSchema = z.array(z.unknown());

/** As the transport over HTTP does it. */
function fetchBytes(ask: AskSubgraph): FetchFromSubgraph {
  return async (subgraph, { query, variables = {}, representations, scan }) => {
    const all = representations === undefined ? {} : { representations: representationsSchema.parse(JSON.parse(representations)) };
    const answer = await ask(subgraph, { query, variables: { ...variables, ...all } });
    return scan?.(Buffer.from(spelled(answer))) ?? answer;
  };
}

/** An answer in one of the ways to write it, some of which are not spliced. */
function spelled(answer: unknown): string {
  const text = JSON.stringify(answer);
  switch (hash(text) % 24) {
    case 0:
      return JSON.stringify(answer, null, 2);
    case 1:
      return `${text}\n`;
    case 2:
      return text.replaceAll(/"(?:[^"\\]|\\.)*":?/g, (string) => (string.endsWith(':') ? string : string.replaceAll(/[ei]/g, escaped)));
    default:
      return text;
  }
}

function escaped(letter: string): string {
  return String.raw`\u00${letter.charCodeAt(0).toString(16)}`;
}

function whyNotSpliced({ plan, document, operation, supergraph, variables }: PlannedOperation): Splicing {
  const { api, whole } = supergraph;
  const conditions = new ConditionVariables({ document, operation }).read(variables);
  if (conditions instanceof Error) throw conditions;
  if (plan.node?.kind === 'Subscription') throw new TypeError('Subscriptions are not compared.');
  try {
    const shape = buildShape({ document, operation }, api, conditions);
    compileSplice({ node: plan.node, supergraph: whole, shape, types: new ObjectTypes(whole), conditions });
    return 'surprised';
  } catch (error) {
    if (error instanceof Unspliceable) return error.reason;
    throw error;
  }
}

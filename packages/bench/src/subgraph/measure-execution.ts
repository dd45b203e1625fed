import { isDeepStrictEqual } from 'node:util';
import { parse, validate, type ExecutionResult } from 'graphql';
import { z } from 'zod';
import { childTask } from '../child-task.ts';
import { WrongAnswerError } from '../errors.ts';
import { cpuTime } from '../pool/interleaved.ts';
import { median } from '../statistics.ts';
import { engineNames, engines } from './engines.ts';
import { contextOf, openSchemas } from './memory-subgraphs.ts';
import { request } from './request.ts';
import { workloads } from './workload.ts';

/** One engine, in a process of its own: what it does to V8's caches harms no other. */
export const measureExecution = childTask({
  module: import.meta.url,
  name: 'measureExecution',
  input: z.object({ engine: z.enum(engineNames), runs: z.int(), blocks: z.int(), firstRuns: z.int() }),
  /** Microseconds of processor time for each workload: of one run of many, and of the first, preparing included, parsing and validation not. */
  output: z.array(z.object({ warm: z.number(), first: z.number() })),
  run: async ({ engine, runs, blocks, firstRuns }) => {
    const schemas = openSchemas();
    const measured: { warm: number; first: number }[] = [];
    for (const { title, subgraph, query, variables } of workloads) {
      const schema = schemas[subgraph];
      const answer = async (prepared: ReturnType<(typeof engines)[typeof engine]>) => await prepared(contextOf(request), variables);
      const prepare = (name: typeof engine) => engines[name](schema, parse(query));
      if (validate(schema, parse(query)).length > 0) throw new TypeError(`${title} is not a valid operation.`);
      assertSame(title, await answer(prepare(engine)), await answer(prepare('graphql-js')));

      const prepared = prepare(engine);
      const samples: number[] = [];
      // The first block lets V8 optimise.
      for (let block = 0; block <= blocks; block += 1) samples.push(await cpuTime(async () => await answer(prepared), runs));
      const documents = Array.from({ length: firstRuns }, () => parse(query));
      const first = await cpuTime(async () => await answer(engines[engine](schema, documents.pop() ?? parse(query))), firstRuns);
      measured.push({ warm: median(samples.slice(1)), first });
    }
    return measured;
  },
});

function assertSame(title: string, ours: ExecutionResult, reference: ExecutionResult): void {
  const [one, other] = [JSON.stringify(ours), JSON.stringify(reference)];
  if (!isDeepStrictEqual(JSON.parse(one), JSON.parse(other)) || reference.errors) {
    throw new WrongAnswerError(`${title}: ${one.slice(0, 300)} instead of ${other.slice(0, 300)}`);
  }
}

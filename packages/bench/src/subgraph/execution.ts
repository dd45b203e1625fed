import type { OutputOf } from '../child-task.ts';
import { alternated } from '../rounds.ts';
import type { Row, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { engineNames, type EngineName } from './engines.ts';
import { measureExecution } from './measure-execution.ts';
import { workloads } from './workload.ts';

type Sample = { engine: EngineName; measured: OutputOf<typeof measureExecution> };

const sizes = { runs: 2000, blocks: 5, firstRuns: 200 };
const quickSizes = { runs: 20, blocks: 1, firstRuns: 5 };

const reference: EngineName = 'graphql-js';

export const execution: Scenario<AsyncDisposable> = {
  name: 'execution',
  title: 'Processor time of one operation in a subgraph, parsed and valid, its rows in memory',
  run: async ({ rounds, quick, progress, signal }) => {
    const samples: Sample[] = [];
    for (const { contender: engine, round } of alternated(engineNames, rounds)) {
      progress.update(`${engine}, round ${round}`);
      samples.push({ engine, measured: await measureExecution.call({ engine, ...(quick ? quickSizes : sizes) }, { signal }) });
    }
    return { rows: workloads.flatMap((_, index) => rowsOf(index, samples)), notes, samples };
  },
};

const notes = [
  'graphql-jit reads fields without a resolver as plain properties: functions and promises there, as in this project’s connections, are errors to it, and what a getter throws rejects the whole operation. These workloads ask for none.',
  'First: preparing an operation and running it once, in a process that is warm.',
];

function rowsOf(index: number, samples: readonly Sample[]): Row[] {
  const title = workloads[index]?.title ?? '';
  return (['warm', 'first'] as const).flatMap((moment) => {
    const figure = moment === 'warm' ? title : `… ${title}, first`;
    const valueOf = (engine: EngineName) =>
      median(samples.filter((sample) => sample.engine === engine).map(({ measured }) => measured[index]?.[moment] ?? Number.NaN));
    return engineNames.map((engine): Row => {
      const row: Row = { figure, contender: engine, value: valueOf(engine), unit: 'µs' };
      if (engine !== reference) row.ratio = { value: valueOf(engine) / valueOf(reference), to: reference };
      return row;
    });
  });
}

import { randomBytes } from 'node:crypto';
import type { Row, Scenario } from '../scenario.ts';
import { geometricMean } from '../statistics.ts';
import { assertAnswer } from './check-answers.ts';
import { tenantryInOneProcess } from './contenders/tenantry-in-one-process.ts';
import { tenantryGateway } from './contenders/tenantry.ts';
import type { GatewayFixture } from './fixture.ts';
import { startKitSubgraphs } from './kit-subgraphs.ts';
import { measureInTurn } from './measure-in-turn.ts';
import { medianOf, type Measurement } from './measurement.ts';
import { startGroup, type RunningGroup } from './processes/running-group.ts';
import type { Site } from './site.ts';
import { workloads } from './workloads/workloads.ts';

const ways = { inOneProcess: 'in one process', overHttp: 'over HTTP, two processes' };
const measured = ['two-hops', 'list', 'chain'];
const least = 2;

export const inProcess: Scenario<GatewayFixture> = {
  name: 'in-process',
  title: 'Gateway and subgraphs in one process, against the same ones over HTTP',
  run: async ({ fixture, ...context }) => {
    const { site, findAnswer } = fixture;
    const samples = new Map<string, Measurement[]>();
    const names = context.quick ? measured.slice(0, 1) : measured;
    for (const workload of workloads.filter(({ name }) => names.includes(name))) {
      const measurements = await measureInTurn({
        ...context,
        title: `${workload.name}, `,
        requests: workload.requests,
        tokens: fixture.tokens(workload),
        contenders: [
          { name: ways.inOneProcess, start: async () => await tenantryInOneProcess.start(site) },
          { name: ways.overHttp, start: async () => await startOverHttp(site) },
        ],
        check: assertAnswer(findAnswer),
      });
      samples.set(workload.name, measurements);
    }
    return {
      rows: rowsOf(samples),
      notes: [
        'CPU of all processes together, but not of whoever asks. Over HTTP, the gateway has a process, and all subgraphs another one: with ' +
          'a process for each of them it would be more. Both ways check the tenant context in each subgraph.',
        'The subgraphs are those of this project’s kit over data that are computed: what is left is the way there and back.',
      ],
      samples: Object.fromEntries(samples),
    };
  },
};

async function startOverHttp(site: Site): Promise<RunningGroup> {
  return await startGroup(async (started) => {
    const signingKey = randomBytes(32).toString('base64');
    const subgraphs = started.use(await startKitSubgraphs(signingKey));
    const gateway = started.use(await tenantryGateway.start({ site: { ...site, subgraphs: subgraphs.subgraphs }, signingKey }));
    return { url: gateway.url, processes: [...gateway.processes, ...subgraphs.processes] };
  });
}

function rowsOf(samples: ReadonlyMap<string, readonly Measurement[]>): Row[] {
  const rows: Row[] = [];
  const factors: number[] = [];
  for (const [workload, measurements] of samples) {
    const figure = `CPU of everything, ${workload}`;
    const [ours, theirs] = [ways.inOneProcess, ways.overHttp].map((name) => medianOf(measurements, name, ({ cpuMs }) => cpuMs));
    if (ours === undefined || theirs === undefined) continue;
    factors.push(theirs / ours);
    rows.push({ figure, contender: ways.inOneProcess, value: ours, unit: 'ms' });
    rows.push({ figure, contender: ways.overHttp, value: theirs, unit: 'ms', ratio: { value: theirs / ours, to: ways.inOneProcess } });
  }
  const factor = geometricMean(factors);
  const target = { text: `≥ ${least}`, isMet: factor >= least };
  const contender = `${ways.overHttp} ÷ ${ways.inOneProcess}`;
  return [...rows, { figure: 'CPU of everything, geometric mean', contender, value: factor, unit: '', target }];
}

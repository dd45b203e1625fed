import { isDeepStrictEqual } from 'node:util';
import { WrongAnswerError } from '../../errors.ts';
import type { Row, Scenario } from '../../scenario.ts';
import type { GatewayFixture } from '../fixture.ts';
import type { LoadOptions } from '../load.ts';
import { measureInTurn } from '../measure-in-turn.ts';
import { medianOf, rateOf, type Measurement } from '../measurement.ts';
import { startTutorial } from '../tutorial/start-tutorial.ts';
import { openStackFixture, wholeStackRequest, type StackFixture } from './installation.ts';
import { tenantryStack } from './tenantry-stack.ts';

const names = { ours: 'tenantry, one process', tutorial: 'tutorial, three processes' };

/** Asked by so many at once when answers are checked. */
const requests = Array.from({ length: 50 }, () => wholeStackRequest);
const tenantCount = 10;
const least = 3;

export const wholeStack: Scenario<GatewayFixture> = {
  name: 'stack',
  title: 'All of it on a real Postgres: a tenant, 20 of its people and their teams; against what tutorials build',
  run: async ({ fixture: { issuer, site }, ...context }) => {
    context.progress.update('provisioning tenants');
    await using fixture = await openStackFixture(issuer, context.quick ? 2 : tenantCount);
    const { installation, answers } = fixture;
    const samples = await measureInTurn({
      ...context,
      title: '',
      requests,
      tokens: [...answers.keys()],
      contenders: [
        { name: names.ours, start: async () => await tenantryStack.start({ installation, tokens: site.tokens }) },
        { name: names.tutorial, start: async () => await startTutorial(installation, site.tokens) },
      ],
      check: assertTenantsAnswer(answers),
    });
    return {
      rows: rowsOf(samples),
      notes: [
        `${answers.size} people of ${installation.tenants.length} tenants, each with a database of its own on one Postgres, which runs ` +
          'beside all that is measured, without fsync. CPU and memory are without it.',
        'Tutorial: Apollo Gateway that verifies tokens, two standalone Apollo subgraphs that believe its header, a Map of a PrismaClient ' +
          'for each tenant with connections as Prisma has them, DataLoader for teams. It asks nobody whether a user is still a member.',
        'Ours shares the answers to equal queries of one person that are under way, as by default; with so many people, few are equal.',
      ],
      samples,
    };
  },
};

/** By the token: a tenant that is answered with what is another's is a wrong answer, too. */
function assertTenantsAnswer(answers: StackFixture['answers']): LoadOptions['check'] {
  return (_request, body, token) => {
    if (isDeepStrictEqual(JSON.parse(body), answers.get(token))) return;
    throw new WrongAnswerError(`a tenant is answered with something else than SQL says: ${body.slice(0, 500)}`);
  };
}

function rowsOf(samples: readonly Measurement[]): Row[] {
  const row = (figure: string, contender: string, of: (sample: Measurement) => number, unit: Row['unit']): Row => {
    const [value, theirs] = [medianOf(samples, contender, of), medianOf(samples, names.tutorial, of)];
    const plain: Row = { figure, contender, value, unit };
    return contender === names.tutorial ? plain : { ...plain, ratio: { value: value / theirs, to: names.tutorial } };
  };
  const factor = medianOf(samples, names.ours, rateOf) / medianOf(samples, names.tutorial, rateOf);
  const target = { text: `≥ ${least}`, isMet: factor >= least };
  return [names.ours, names.tutorial].flatMap((name) => [
    { ...row('throughput', name, rateOf, '/s'), ...(name === names.ours && { target }) },
    row('CPU of everything but Postgres, each request', name, ({ cpuMs }) => cpuMs, 'ms'),
    row('latency, p50', name, ({ p50Ms }) => p50Ms, 'ms'),
    row('latency, p99', name, ({ p99Ms }) => p99Ms, 'ms'),
    row('peak memory', name, ({ peakMemoryMb }) => peakMemoryMb, 'MB'),
  ]);
}

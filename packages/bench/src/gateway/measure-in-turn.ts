import { alternated } from '../rounds.ts';
import type { ScenarioContext } from '../scenario.ts';
import { WrongAnswerError } from '../errors.ts';
import { openLoad, type LoadOptions } from './load.ts';
import type { Measurement } from './measurement.ts';
import type { RunningGroup } from './processes/running-group.ts';

/** Somebody who answers. */
interface Contender {
  readonly name: string;
  /** Starts it anew, in processes of its own. */
  start(): Promise<RunningGroup>;
}

export interface MeasureOptions
  extends
    Pick<ScenarioContext<never>, 'rounds' | 'seed' | 'quick' | 'progress' | 'signal'>,
    Pick<LoadOptions, 'requests' | 'tokens' | 'check'> {
  /** What is measured, for whoever watches the run. */
  title: string;
  contenders: readonly Contender[];
}

/** Requests in flight. */
export const connections = 32;
const warmUpMs = 3000;
const measuredMs = 6000;

const quickConnections = 4;
const quickMs = 150;
const quickRequests = 20;

/**
 * Measures contenders one after the other, round after round, with nobody else running: each has to give every answer once, and is
 * then warmed up before it counts.
 *
 * @throws {WrongAnswerError} when anybody answers wrongly
 */
export async function measureInTurn(options: MeasureOptions): Promise<Measurement[]> {
  const { title, contenders, rounds, progress, signal } = options;
  const samples: Measurement[] = [];
  for (const { contender, round } of alternated(contenders, rounds)) {
    signal.throwIfAborted();
    progress.update(`${title}round ${round} of ${rounds}, ${contender.name}`);
    await using group = await contender.start();
    samples.push({ contender: contender.name, round, ...(await measure(group, contender.name, round, options)) });
  }
  return samples;
}

async function measure({ url, processes }: RunningGroup, contender: string, round: number, options: MeasureOptions) {
  const { quick, tokens, check, signal, seed } = options;
  const requests = quick ? options.requests.slice(0, quickRequests) : options.requests;
  await using load = openLoad({
    url,
    requests,
    tokens,
    check,
    signal,
    connections: quick ? quickConnections : connections,
    seed: seed + round,
  });
  try {
    await load.checkAll();
    await load.run(quick ? quickMs : warmUpMs);
    const before = await usageOf(processes);
    const report = await load.run(quick ? quickMs : measuredMs);
    const after = await usageOf(processes);
    return { ...report, cpuMs: (after.cpuMs - before.cpuMs) / report.requests, peakMemoryMb: after.peakMemoryMb };
  } catch (error) {
    if (!(error instanceof WrongAnswerError)) throw error;
    throw new WrongAnswerError([`${contender}: ${error.message}`, ...processes.map((process) => process.output())].join('\n'), {
      cause: error,
    });
  }
}

async function usageOf(processes: RunningGroup['processes']): Promise<Pick<Measurement, 'cpuMs' | 'peakMemoryMb'>> {
  const usages = await Promise.all(processes.map(async (process) => await process.usage()));
  const sum = (of: 'cpuMs' | 'peakMemoryMb') => usages.reduce((total, usage) => total + usage[of], 0);
  return { cpuMs: sum('cpuMs'), peakMemoryMb: sum('peakMemoryMb') };
}

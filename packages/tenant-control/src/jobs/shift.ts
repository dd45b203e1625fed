import type { Logger } from '@tenantry/service';
import { Pool } from 'pg';
import { repeat } from '../repeat.ts';
import { Crew, type CrewTasks } from './crew.ts';
import { Presence, takeOverJobs } from './presence.ts';

export interface ShiftOptions {
  controlDatabaseUrl: string;
  crews: (signals: ShiftSignals) => readonly CrewTasks[];
  logger: Logger;
}

/** What the jobs of a shift are told. */
export interface ShiftSignals {
  /** Aborted when they shall stop. */
  readonly stop: AbortSignal;
  /** Aborted when they are set free for other workers, who may be at them from now on. */
  readonly release: AbortSignal;
}

/** How long the jobs that run get when the shift ends. Milliseconds. */
export interface ShiftPatience {
  /** Until their signal aborts. */
  readonly graceMs: number;
  /** Until they are set free for other workers. */
  readonly deadlineMs: number;
}

/** Beside one for each job that begins or ends and one for the notices of each crew: for the clock, and looks at others. */
const extraConnections = 2;
const connectDeadlineMs = 5000;
const statementDeadlineMs = 10_000;

/** In which a statement must be answered, too: a network that is gone says nothing, and the shift could not be ended for that. */
const answerDeadlineMs = 15_000;

/** Milliseconds between two looks for workers that are gone. */
const takeOverMs = 10_000;

/** What a shift works with, until it has ended. */
interface Equipment {
  readonly presence: Presence;
  readonly stopping: AbortController;
  readonly releasing: AbortController;
  readonly resources: AsyncDisposableStack;
}

/** From when a worker begins to take jobs until it ends, of itself or not. */
export class Shift {
  readonly #crews: readonly Crew[];
  readonly #equipment: Equipment;
  /** Resolves with why, when the shift is to be ended though nobody asked for it. */
  readonly broken: Promise<unknown>;

  private constructor(crews: readonly Crew[], equipment: Equipment) {
    this.#crews = crews;
    this.#equipment = equipment;
    const { lost } = equipment.presence;
    const { promise: gone, resolve } = Promise.withResolvers<unknown>();
    lost.addEventListener('abort', () => resolve(lost.reason));
    if (lost.aborted) resolve(lost.reason);
    this.broken = Promise.race([gone, ...crews.map(async (crew) => await crew.ended())]);
  }

  /** @throws as {@link Crew.begin} */
  static async begin({ controlDatabaseUrl, crews: crewsFor, logger }: ShiftOptions): Promise<Shift> {
    await using opening = new AsyncDisposableStack();
    const [stopping, releasing] = [new AbortController(), new AbortController()];
    const signals = { stop: stopping.signal, release: releasing.signal };
    const wanted = crewsFor(signals).filter(({ tasks }) => Object.keys(tasks).length > 0);
    const connections = wanted.reduce((sum, { concurrency }) => sum + concurrency + 1, extraConnections);
    const pool = opening.adopt(openPool(controlDatabaseUrl, connections, logger), async (each) => await each.end());
    const presence = opening.use(await Presence.open(controlDatabaseUrl));
    const takingOver = opening.use(repeat(async () => void (await takeOverJobs(pool, logger)), { everyMs: takeOverMs, logger }));
    takingOver.soon();
    const crews: Crew[] = [];
    for (const crew of wanted) {
      crews.push(opening.adopt(await Crew.begin({ ...crew, pool, presence, logger }), async (begun) => await begun.end()));
    }
    return new Shift(crews, { presence, stopping, releasing, resources: opening.move() });
  }

  /** Takes no more jobs, waits for those that run, and sets free what has not ended in time. */
  async end({ graceMs, deadlineMs }: ShiftPatience): Promise<void> {
    const { stopping, resources } = this.#equipment;
    const stop = setTimeout(() => stopping.abort(new Error('The worker is to stop.')), graceMs);
    const release = setTimeout(() => this.#release(), deadlineMs);
    await Promise.all(this.#crews.map(async (crew) => await crew.end()));
    clearTimeout(stop);
    clearTimeout(release);
    stopping.abort(new Error('The worker has stopped.'));
    await resources.disposeAsync();
  }

  #release(): void {
    this.#equipment.releasing.abort(new Error('The worker had to stop.'));
    this.#crews.forEach((crew) => crew.release());
  }
}

function openPool(url: string, max: number, logger: Logger): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: 'tenantry:worker',
    max,
    connectionTimeoutMillis: connectDeadlineMs,
    statement_timeout: statementDeadlineMs,
    query_timeout: answerDeadlineMs,
  });
  const warn = (err: Error): void => logger.warn({ err }, 'a connection of the worker to the control database broke');
  return pool.on('error', warn).on('connect', (client) => client.on('error', warn));
}

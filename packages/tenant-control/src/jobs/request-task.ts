import type { Logger } from '@tenantry/service';
import type { Pool } from 'pg';
import { jobsSchema } from './jobs-schema.ts';
import { scheduledAttempts } from './scheduled-task.ts';

/** Has a scheduled task be run by whichever worker is free, once for all who ask before it begins. */
async function requestTask(pool: Pool, name: string): Promise<void> {
  await pool.query(`SELECT FROM ${jobsSchema}.add_job(identifier := $1, queue_name := $1, job_key := $1, max_attempts := $2)`, [
    name,
    scheduledAttempts,
  ]);
}

/** Milliseconds for which requests are gathered. */
const gatherMs = 100;

/** Asks for a scheduled task, seldom however often it is told to; once more when it is disposed of, if it was to. */
export class TaskRequest implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #name: string;
  readonly #logger: Logger;
  #gathering: NodeJS.Timeout | null = null;
  #underWay: Promise<void> = Promise.resolve();

  constructor(pool: Pool, name: string, logger: Logger) {
    this.#pool = pool;
    this.#name = name;
    this.#logger = logger;
  }

  soon(): void {
    this.#gathering ??= setTimeout(() => this.#send(), gatherMs).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#gathering) {
      clearTimeout(this.#gathering);
      this.#send();
    }
    await this.#underWay;
  }

  #send(): void {
    this.#gathering = null;
    // Its schedule has it run all the same, only later.
    this.#underWay = requestTask(this.#pool, this.#name).catch((err: unknown) => {
      this.#logger.warn({ err, task: this.#name }, 'a scheduled task could not be asked for');
    });
  }
}

import type { Logger } from '@tenantry/service';
import { Client, type Pool } from 'pg';
import { sessionDefaults } from '../postgres/connection.ts';
import { jobsSchema } from './jobs-schema.ts';

/** Of the lock that a worker holds in the control database for as long as it lives, by the name under which it takes jobs. */
const lockSql = (name: string) => `hashtextextended('tenantry: worker ' || ${name}, 0)`;

/** As it shows in `pg_stat_activity`. */
const presenceName = 'tenantry:worker presence';

/** Milliseconds between two looks whether the connection still holds, and those in which each must be answered. */
const heartbeatMs = 5000;
const answerDeadlineMs = 10_000;

/** Has the server find out, later than the worker itself but within a minute, that a machine is gone which could not say so. */
const keepalives = 'SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4';

/**
 * A connection to the control database by which the others know that this worker lives: Postgres gives its lock away in the moment that
 * the process is gone.
 */
export class Presence implements AsyncDisposable {
  readonly #client: Client;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #lost = new AbortController();
  readonly #declared = new Map<string, Promise<void>>();

  private constructor(client: Client) {
    this.#client = client;
    client.on('error', (error) => this.#lost.abort(error)).on('end', () => this.#lost.abort(new Error('The connection was closed.')));
    this.#heartbeat = setInterval(() => void client.query('SELECT').catch((error) => this.#lost.abort(error)), heartbeatMs).unref();
  }

  /** @param url of the control database itself: a pooler would keep the lock of a worker that is gone */
  static async open(url: string): Promise<Presence> {
    const presence = new Presence(
      new Client({ ...sessionDefaults, application_name: presenceName, connectionString: url, query_timeout: answerDeadlineMs }),
    );
    try {
      await presence.#client.connect();
      await presence.#client.query(keepalives);
      return presence;
    } catch (error) {
      await presence[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Aborted when the others may take this worker for dead. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Resolves when the others can see that whoever has this name lives. Never, if they cannot: {@link lost} is aborted then. */
  async declare(name: string): Promise<void> {
    const declared = this.#declared.get(name) ?? this.#lock(name);
    this.#declared.set(name, declared);
    await declared;
  }

  async #lock(name: string): Promise<void> {
    try {
      await this.#client.query(`SELECT pg_advisory_lock(${lockSql('$1')})`, [name]);
    } catch (error) {
      this.#lost.abort(error);
      await new Promise(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#client.end();
  }
}

/**
 * Sets the jobs free that workers hold who are gone, and the queues that are held without a job: by itself graphile-worker would wait 4
 * hours for them.
 *
 * @returns the names of the workers who are gone
 */
export async function takeOverJobs(pool: Pool, logger: Logger): Promise<string[]> {
  const { rows } = await pool.query<{ gone: string[] }>(
    `WITH absent AS (
       SELECT array_agg(name) AS names
       FROM (SELECT DISTINCT locked_by AS name FROM ${jobsSchema}.jobs WHERE locked_by IS NOT NULL) AS holders
       WHERE pg_try_advisory_xact_lock(${lockSql('name')}))
     SELECT names AS gone, ${jobsSchema}.force_unlock_workers(names) FROM absent WHERE names IS NOT NULL`,
  );
  const gone = rows[0]?.gone ?? [];
  await pool.query(
    `UPDATE ${jobsSchema}._private_job_queues AS queues SET locked_by = NULL, locked_at = NULL
     WHERE locked_by IS NOT NULL
       AND NOT EXISTS (SELECT FROM ${jobsSchema}._private_jobs WHERE job_queue_id = queues.id AND locked_by = queues.locked_by)`,
  );
  if (gone.length > 0) logger.warn({ workers: gone }, 'the jobs of workers that are gone are to be run again');
  return gone;
}

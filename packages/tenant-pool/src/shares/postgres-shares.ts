import type { Logger } from '@tenantry/service';
import type { Client, ClientConfig } from 'pg';
import { z } from 'zod';
import { connectListener, endClient } from '../channels/listening-client.ts';
import type { ClaimsSwap, ClaimStore, StoredClaims } from './claim-store.ts';
import { silenceMs } from './claims.ts';
import type { ShareRegister } from './share-register.ts';
import { sharesOver } from './shares-over.ts';

export interface PostgresSharesOptions {
  /** A direct connection: `LISTEN` does not pass through a pooler in transaction mode. */
  controlDatabaseUrl: string;
  logger: Logger;
}

/**
 * Opens a register in the control database (table `connection_shares`), which need not answer yet. It holds one connection, from the
 * first {@link ShareRegister.join} on.
 */
export function openPostgresShares({ controlDatabaseUrl, logger }: PostgresSharesOptions): ShareRegister {
  return sharesOver(new PostgresClaims(controlDatabaseUrl), logger);
}

/** Milliseconds that the control database gets to answer. */
const answerDeadlineMs = 1000;

const channel = 'tenantry_shares';

const hearMember = `
INSERT INTO connection_shares AS shares (cluster, signs, last_sign, since)
SELECT $1, jsonb_build_object($2::text, at), at, 0 FROM floor(extract(epoch FROM clock_timestamp()) * 1000) AS at
ON CONFLICT (cluster) DO UPDATE SET
  signs = shares.signs || excluded.signs,
  last_sign = excluded.last_sign,
  since = CASE WHEN shares.signs <> '{}' AND abs(excluded.last_sign - shares.last_sign) > $3 THEN excluded.last_sign ELSE shares.since END
RETURNING claims, last_sign AS now, since, signs AS "heardAt"`;

// One statement: the row's lock is held for no round trip, and word goes out when the change is committed.
const swapClaims = `
WITH swapped AS (
  UPDATE connection_shares SET claims = $3, signs = signs - $4::text[]
  WHERE cluster = $1 AND claims IS NOT DISTINCT FROM $2 RETURNING cluster
)
SELECT CASE WHEN $5 THEN pg_notify('${channel}', cluster) END FROM swapped`;

const storedRow = z.object({
  claims: z.string().nullable(),
  now: z.number(),
  since: z.number(),
  heardAt: z.record(z.string(), z.number()),
});

class PostgresClaims implements ClaimStore {
  readonly isDurable = true;
  readonly #config: ClientConfig;
  #client: Client | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #tell: (cluster: string | null) => void = () => {};
  #isClosed = false;

  constructor(connectionString: string) {
    this.#config = {
      connectionString,
      application_name: 'tenantry:shares',
      connectionTimeoutMillis: answerDeadlineMs,
      query_timeout: answerDeadlineMs,
      keepAlive: true,
    };
  }

  async hear(cluster: string, member: string): Promise<StoredClaims> {
    const [row] = await this.#query(hearMember, [cluster, member, silenceMs]);
    const { claims, ...pulse } = storedRow.parse(row);
    return { claims, pulse };
  }

  async swap(cluster: string, { from, to, gone, isNews }: ClaimsSwap): Promise<boolean> {
    return (await this.#query(swapClaims, [cluster, from, to, gone, isNews])).length === 1;
  }

  onNews(listener: (cluster: string | null) => void): void {
    this.#tell = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#queue;
    await this.#disconnect();
  }

  async #query(sql: string, values: unknown[]): Promise<unknown[]> {
    const result = this.#queue.then(async () => await this.#queryAlone(sql, values));
    this.#queue = result.catch(() => {});
    return await result;
  }

  /** One at a time, as `pg` wants it. */
  async #queryAlone(sql: string, values: unknown[]): Promise<unknown[]> {
    if (this.#isClosed) throw new Error('The register of shares is closed.');
    try {
      this.#client ??= await this.#connect();
      return (await this.#client.query<Record<string, unknown>>(sql, values)).rows;
    } catch (error) {
      // What was not answered may still be on its way: the next question goes over another connection.
      await this.#disconnect();
      throw error;
    }
  }

  async #connect(): Promise<Client> {
    const client = await connectListener({
      connection: this.#config,
      channel,
      onMessage: (cluster) => this.#tell(cluster),
      // Whoever asks next notices as well, and says so.
      onError: () => {},
    });
    client.once('end', () => this.#onEnd(client));
    this.#tell(null);
    return client;
  }

  #onEnd(client: Client): void {
    if (client !== this.#client) return;
    this.#client = null;
    this.#tell(null);
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client) await endClient(client);
  }
}

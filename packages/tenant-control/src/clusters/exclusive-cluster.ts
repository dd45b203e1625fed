import type { PoolClient } from 'pg';
import type { ClusterAdmin } from './cluster-admin.ts';
import { lockFor, unlock, type Turn } from './cluster-lock.ts';

/**
 * A cluster for one at a time. Statements go through one session of the administrator, which holds an advisory lock. When the process dies
 * in the middle of a statement, Postgres goes on with it, and with the session: whoever comes next waits until that has ended.
 */
export class ExclusiveCluster implements AsyncDisposable {
  readonly admin: ClusterAdmin;
  readonly #lock: string;
  readonly #check: () => Promise<void>;
  readonly #turn: Turn | null;
  #session: Promise<Session> | undefined;

  /**
   * @param lock its name; equal names exclude each other
   * @param check run when the lock is held and before anything else: throws when it was waited for in vain
   * @param turn whose turn it is with the work that the lock is for: sessions of earlier turns, which have lost it, are ended. Default:
   * whoever has the lock is waited for
   */
  constructor(admin: ClusterAdmin, lock: string, check: () => Promise<void>, turn: Turn | null = null) {
    this.admin = admin;
    this.#lock = lock;
    this.#check = check;
    this.#turn = turn;
  }

  /** Opened when it is first asked for, and anew when it was lost. */
  async session(): Promise<PoolClient> {
    return (await (this.#session ??= this.#open())).client;
  }

  /** Gives the session back, and the lock; the next who asks for it has both anew. */
  async release(): Promise<void> {
    const held = this.#session;
    this.#session = undefined;
    const session = await held?.catch(() => undefined);
    if (!session) return;
    try {
      await unlock(session.client, this.#lock);
      session.giveBack(true);
    } catch {
      // With its session, the lock is gone.
      session.giveBack(false);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #open(): Promise<Session> {
    try {
      return await this.#locked(sessionOf(await this.admin.sessions.connect(), () => (this.#session = undefined)));
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #locked(session: Session): Promise<Session> {
    try {
      await lockFor(session.client, this.#lock, this.#turn);
      await this.#check();
      return session;
    } catch (error) {
      session.giveBack(false);
      throw error;
    }
  }
}

/** Name of the lock that whoever makes or drops what a tenant has on a cluster holds there. */
export function tenantLock(tenantId: string): string {
  return `tenantry: tenant ${tenantId}`;
}

interface Session {
  readonly client: PoolClient;
  /** Gives the connection back to its pool, once; one that is not fit for others is closed. */
  giveBack(isFit: boolean): void;
}

function sessionOf(client: PoolClient, onLoss: () => void): Session {
  const giveBack = (isFit: boolean) => {
    if (client.listenerCount('error', lost) === 0) return;
    client.off('error', lost);
    client.release(!isFit);
  };
  const lost = () => {
    onLoss();
    giveBack(false);
  };
  client.on('error', lost);
  return { client, giveBack };
}

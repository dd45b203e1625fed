import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Principal } from '@tenantry/auth';
import type { Member } from './membership-store.ts';

type Read = () => Promise<Member | null>;

/**
 * Look-ups of whom tokens speak for. Those of one person that are asked for in one turn of the event loop, as by the subgraphs of a process
 * for one request of a client, are one statement. It is sent once all of them have asked, so nobody is told of a membership that ended
 * before.
 */
export class MemberLookups {
  readonly #due = new Map<string, Promise<Member | null>>();

  /**
   * Each is given an object of its own.
   *
   * @param read looks up `principal` in the tenant's database, by what the one who asks may use
   * @throws what `read` throws
   */
  async find(tenantId: string, { issuer, subject }: Principal, read: Read): Promise<Member | null> {
    const key = JSON.stringify([tenantId, issuer, subject]);
    const due = this.#due.get(key);
    if (!due) return await this.#begin(key, read);
    try {
      const member = await due;
      return member && { ...member };
    } catch {
      // It may have failed for a reason of whoever asked first: their request has ended, their lease was taken away.
      return await read();
    }
  }

  #begin(key: string, read: Read): Promise<Member | null> {
    const found = nextTurn().then(async () => {
      // From here on the database may have answered as things were.
      this.#due.delete(key);
      return await read();
    });
    this.#due.set(key, found);
    return found;
  }
}

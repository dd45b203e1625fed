import type { PrismaClient } from '@tenantry/prisma/control';
import { seal, sealingKeyId, unseal, UnsealError, type KeyRing } from '@tenantry/service';
import type { InvalidationBus } from '@tenantry/tenant-pool';
import { writeAudit } from '../catalog/audit.ts';
import type { Actor } from '../tenant.ts';
import { sealedPlaces, type SealedPassword, type SealedPlace } from './sealed-places.ts';

/** What {@link resealCredentials} found. */
export interface Resealing {
  /** Passwords that it has sealed by the first key. */
  readonly resealed: number;
  /** Passwords that were. */
  readonly alreadyCurrent: number;
  /** Ids of the tenants, or tenants to be, with a password that no key opens: they were left as they were. */
  readonly unopenable: readonly string[];
}

export interface ResealingServices {
  readonly db: PrismaClient;
  readonly keyRing: KeyRing;
  readonly bus: InvalidationBus;
}

const batch = 200;
const beforeFirst = '00000000-0000-0000-0000-000000000000';

/**
 * Seals every password that the control database holds by the first key of CREDENTIALS_KEY. Any number of times, beside whatever else
 * happens: a password is replaced only where it is still the one that was opened.
 *
 * To replace the key: (1) add the new one behind the old one (`k1:…,k2:…`) and restart every process, so that all can open what it seals;
 * (2) put it first (`k2:…,k1:…`) and restart every process, so that none seals by the old one; (3) reseal, until it says that nothing was
 * resealed and nothing is unopenable; (4) wait two minutes, for which a placement may be cached; (5) take the old key away and restart
 * every process. Backups of the control database that are older need the old key: keep it where they are.
 */
export async function resealCredentials(actor: Actor, { db, keyRing, bus }: ResealingServices): Promise<Resealing> {
  const run = new ResealingRun(db, keyRing, bus);
  const record = async (failed: boolean) => {
    const { resealed, alreadyCurrent, unopenable } = run;
    const detail = { keyId: sealingKeyId(keyRing), resealed, alreadyCurrent, unopenable: unopenable.size };
    const outcome = failed || unopenable.size > 0 ? 'FAILED' : 'ALLOWED';
    await writeAudit(db, { ...actor, action: 'credentials.reseal', tenantId: null, outcome, detail });
  };
  try {
    for (const place of sealedPlaces) await run.through(place);
  } catch (error) {
    // What was sealed until then stays so. Where this cannot be recorded, neither could that be done.
    await record(true).catch(() => {});
    throw error;
  }
  await record(false);
  return { resealed: run.resealed, alreadyCurrent: run.alreadyCurrent, unopenable: [...run.unopenable] };
}

class ResealingRun {
  resealed = 0;
  alreadyCurrent = 0;
  readonly unopenable = new Set<string>();
  readonly #db: PrismaClient;
  readonly #keyRing: KeyRing;
  readonly #bus: InvalidationBus;

  constructor(db: PrismaClient, keyRing: KeyRing, bus: InvalidationBus) {
    this.#db = db;
    this.#keyRing = keyRing;
    this.#bus = bus;
  }

  async through(place: SealedPlace): Promise<void> {
    let after = beforeFirst;
    for (;;) {
      const found = await place.read(this.#db, { after, limit: batch });
      const last = found.at(-1);
      if (!last) return;
      await this.#reseal(place, found);
      after = last.id;
    }
  }

  /** What changed meanwhile is looked at again. */
  async #reseal(place: SealedPlace, found: readonly SealedPassword[]): Promise<void> {
    const current = `${sealingKeyId(this.#keyRing)}.`;
    const outdated = found.filter(({ sealed }) => !sealed.startsWith(current));
    this.alreadyCurrent += found.length - outdated.length;
    const opened = outdated.flatMap((password) => this.#sealAnew(password));
    if (opened.length === 0) return;
    const replaced = new Set(await place.replace(this.#db, opened));
    this.resealed += replaced.size;
    const [done, changed] = [opened.filter(({ id }) => replaced.has(id)), opened.filter(({ id }) => !replaced.has(id))];
    // What is cached of them is sealed by a key that is going away.
    for (const { tenantId } of done) await this.#bus.publish(tenantId);
    if (changed.length > 0) await this.#reseal(place, await place.read(this.#db, { ids: changed.map(({ id }) => id) }));
  }

  #sealAnew(password: SealedPassword): (SealedPassword & { resealed: string })[] {
    const { sealed, tenantId } = password;
    try {
      return [{ ...password, resealed: seal(unseal(sealed, tenantId, this.#keyRing), tenantId, this.#keyRing) }];
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      this.unopenable.add(tenantId);
      return [];
    }
  }
}

import type { TenantSettings } from '@tenantry/prisma/tenant';
import type { TenantDb } from '@tenantry/tenant-pool';

export type SettingsChanges = Partial<Pick<TenantSettings, 'locale' | 'timeZone' | 'invitationDays'>>;

/** The one row of the tenant's settings, which its first migration writes. Reads it at most once between changes. */
export class TenantSettingsStore {
  readonly #db: () => Promise<TenantDb>;
  #settings: Promise<TenantSettings> | undefined;

  constructor(db: () => Promise<TenantDb>) {
    this.#db = db;
  }

  async read(): Promise<TenantSettings> {
    return await (this.#settings ??= this.#find());
  }

  /** Writes the given columns and no others. */
  async change(changes: SettingsChanges): Promise<void> {
    if (Object.keys(changes).length === 0) return;
    const db = await this.#db();
    this.#settings = undefined;
    await db.tenantSettings.update({ where: { id: 1 }, data: changes });
  }

  async #find(): Promise<TenantSettings> {
    const db = await this.#db();
    return await db.tenantSettings.findFirstOrThrow({ where: { id: 1 } });
  }
}

import { unseal } from '@tenantry/service';
import type { TenantPlacement } from '@tenantry/tenant-pool';
import { DatabaseError } from 'pg';
import { vi } from 'vitest';
import { databaseUrl } from '../../postgres/connection.ts';
import type { Tenant } from '../../tenant.ts';
import { operator, runSql, uniqueName, type Installation } from '../../testing/installation.ts';

/** What a tenant signs in with. */
export interface SignIn {
  readonly user: string;
  readonly password: string;
}

/** The tenants of an installation, as tests of rotations look at them. */
export class RotatedTenants {
  readonly #installation: Installation;
  readonly #server: string;

  /** @param server superuser's URL of the cluster */
  constructor(installation: Installation, server: string) {
    this.#installation = installation;
    this.#server = server;
  }

  async provision(): Promise<Tenant> {
    const slug = uniqueName('t').replace('_', '-');
    return await this.#installation.control.provisionTenant({ slug, name: 'Acme' }, { actor: operator });
  }

  async placement(id: string): Promise<TenantPlacement> {
    const placement = await this.#installation.catalog.findPlacement(id);
    if (!placement) throw new Error(`no tenant ${id}`);
    return placement;
  }

  async signIn(id: string): Promise<SignIn> {
    const { role: user, sealedPassword } = await this.placement(id);
    return { user, password: unseal(sealedPassword, id, this.#installation.keyRing) };
  }

  /** The URL of a database at the server itself; the tenant's own if none is named. */
  async url(id: string, { signIn, database }: { signIn?: SignIn; database?: string } = {}): Promise<string> {
    const placement = await this.placement(id);
    return databaseUrl(this.#server, database ?? placement.database, signIn ?? (await this.signIn(id)));
  }

  /** Runs SQL in a tenant's database, at the server itself. */
  async query<Row>(id: string, sql: string, signIn?: SignIn): Promise<Row[]> {
    return await runSql(await this.url(id, signIn && { signIn }), sql);
  }

  /** Whether somebody can sign in so. */
  async opens(id: string, signIn: SignIn): Promise<boolean> {
    try {
      await this.query(id, 'SELECT 1', signIn);
      return true;
    } catch (error) {
      // Invalid authorization specification, and invalid password (PostgreSQL, Appendix A).
      if (error instanceof DatabaseError && (error.code === '28000' || error.code === '28P01')) return false;
      throw error;
    }
  }

  /** All roles of a tenant, and whether they can sign in. */
  async roles(id: string): Promise<Record<string, boolean>> {
    const { database } = await this.placement(id);
    const rows = await runSql<{ name: string; login: boolean }>(
      this.#server,
      'SELECT rolname AS name, rolcanlogin AS login FROM pg_roles WHERE starts_with(rolname, $1)',
      [database],
    );
    return Object.fromEntries(rows.map(({ name, login }) => [name, login]));
  }

  /** Waits until all rotations have ended, whoever runs them. */
  async settled(): Promise<void> {
    await vi.waitFor(
      async () => {
        const left = await this.#installation.query(`SELECT id FROM sagas WHERE state IN ('RUNNING', 'UNDOING')`);
        if (left.length > 0) throw new Error(`${left.length} rotations have not ended`);
      },
      { timeout: 20_000, interval: 50 },
    );
  }
}

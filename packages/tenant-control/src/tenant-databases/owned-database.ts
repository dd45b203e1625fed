import { randomBytes, randomUUID } from 'node:crypto';
import { seal, type KeyRing } from '@tenantry/service';
import type { TenantDatabase } from './database.ts';

/** A database that is a tenant's, or will be, and the sealed password of the role that owns it. */
export interface OwnedDatabase extends TenantDatabase {
  readonly sealedPassword: string;
}

const passwordBytes = 32;

/** The names and the secret of a database that is yet to be made. */
export function newDatabase(keyRing: KeyRing): OwnedDatabase {
  const id = randomUUID();
  return { ...namesOf(id), sealedPassword: seal(newPassword(), id, keyRing) };
}

/** By id, since a slug may change: also says to whom a database or role belongs that is found without its catalog row. */
export function namesOf(tenantId: string): TenantDatabase {
  const name = `tenant_${tenantId.replaceAll('-', '')}`;
  return { id: tenantId, databaseName: name, roleName: name };
}

/** As random as a key. */
export function newPassword(): string {
  return randomBytes(passwordBytes).toString('base64url');
}

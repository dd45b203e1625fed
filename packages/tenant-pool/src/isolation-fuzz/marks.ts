import { randomUUID } from 'node:crypto';

/** What tells whose a text is; of one length, so that none is the beginning of another. */
export function markOf(tenant: number): string {
  return `tenant-${String(tenant).padStart(3, '0')}`;
}

/** The first group of a UUID that tells whose a row is. */
export function idPrefixOf(tenant: number): string {
  return tenant.toString(16).padStart(8, '0');
}

/** A UUID that nothing else has, and that tells whose it is. */
export function markedId(tenant: number): string {
  return `${idPrefixOf(tenant)}${randomUUID().slice(8)}`;
}

/** A text that nothing else has, and that tells whose it is. */
export function markedText(tenant: number): string {
  return `${randomUUID()}@${markOf(tenant)}.test`;
}

/** What the names of all that a move makes to replicate begin with; the id of its saga follows. */
export const replicationPrefix = 'tenantry_move_';

/** Of the publication, the slot, the subscription and the role by which they connect. */
export function replicationName(sagaId: string): string {
  return `${replicationPrefix}${sagaId.replaceAll('-', '')}`;
}

/** Id of the saga in such a name; null when it is none. */
export function sagaIdIn(name: string): string | null {
  const [, hex] = /^tenantry_move_([0-9a-f]{32})$/.exec(name) ?? [];
  if (hex === undefined) return null;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Ids come from tokens and clients: one that Postgres could not even parse names nothing. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

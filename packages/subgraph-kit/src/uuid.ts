const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** The id as Postgres prints it (RFC 9562 §4, lower case); null when it is not a UUID. */
export function canonicalUuid(id: string): string | null {
  const lowered = id.toLowerCase();
  return uuidPattern.test(lowered) ? lowered : null;
}

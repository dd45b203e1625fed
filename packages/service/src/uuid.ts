const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** `text` as Postgres prints a UUID (RFC 9562 §4, lower case); null when it is none. */
export function canonicalUuid(text: string): string | null {
  const lowered = text.toLowerCase();
  return uuidPattern.test(lowered) ? lowered : null;
}

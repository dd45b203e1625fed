/** An instant for people, to the second, in UTC: `2026-11-23 05:08:37Z`. */
export function formatInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The day of an instant, in UTC. */
export function formatDay(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

import { UnauthenticatedError } from '@tenantry/service';

/** Seconds by which the clock of whoever issues a token may differ from ours. */
export const clockToleranceSeconds = 5;

/** Whether a token is too old. @param expiresAt seconds since 1970 (`exp`, RFC 7519 §4.1.4) */
export function hasExpired(expiresAt: number): boolean {
  return Date.now() / 1000 >= expiresAt + clockToleranceSeconds;
}

export function expired(atMs: number): UnauthenticatedError {
  return new UnauthenticatedError(`The token expired at ${describeTime(atMs)}.`);
}

export function describeTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? 'a time out of range' : time.toISOString();
}

import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Actor } from '@tenantry/tenant-control';

/** Whom the audit log names for what is done from a command line: the operating system's user, on this machine. */
export function commandLineActor(): Actor {
  return { issuer: 'tenantry:cli', subject: `${userName()}@${hostname()}`, requestId: randomUUID() };
}

/** A container may run as a user that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

import { readFileSync } from 'node:fs';

/** As whom a server runs; empty when we are somebody whom it accepts already. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/**
 * For servers that refuse to run as root: as root, the user `postgres` where the machine has one, else `nobody`; neither is created, so
 * that nothing is left behind.
 *
 * @param server its name, for the error's message
 */
export function serverUser(server: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (!user) throw new Error(`${server} refuses to run as root, and this machine has neither a user postgres nor nobody.`);
  return user;
}

import { Socket } from 'node:net';
import { Client, type ClientBase } from 'pg';

/**
 * Cuts a connection on which nothing was sent or heard for `deadlineMs`; 0 is never. Postgres bounds what a statement takes, but only who
 * is still there can do so: a server that lost its power or its network leaves connections that look open for hours. What runs on it
 * fails with the code `ETIMEDOUT`, and a pool does not use it again.
 */
export function cutWhenSilent(client: ClientBase, deadlineMs: number): void {
  const stream = client instanceof Client ? client.connection.stream : null;
  if (!(stream instanceof Socket)) return;
  stream.setTimeout(deadlineMs, () => {
    stream.destroy(Object.assign(new Error(`Nothing was heard of the server for ${deadlineMs} ms.`), { code: 'ETIMEDOUT' }));
  });
}

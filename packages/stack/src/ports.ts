import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartError } from '@tenantry/service';

interface NeededPort {
  port: number;
  /** Whose port it is to be: "the gateway". */
  purpose: string;
  /** The option that chooses another one. */
  flag: string;
}

/** @throws {StartError} naming every port that is taken, and how to choose another */
export async function assertPortsAreFree(needed: readonly NeededPort[]): Promise<void> {
  const free = await Promise.all(needed.map(async ({ port }) => await isFree(port)));
  const taken = needed.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const lines = taken.map(({ port, purpose }) => `Port ${port}, meant for ${purpose}, is in use by another program.`);
  const remedy = taken.map(({ port, flag }) => `${flag} ${port + 100}`).join(' ');
  throw new StartError(`${lines.join('\n')}\nChoose another: npx pnpm start ${remedy}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

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

/** @throws {StartError} naming every port that cannot be had, and how to choose another */
export async function assertPortsAreFree(needed: readonly NeededPort[]): Promise<void> {
  const obstacles = await Promise.all(needed.map(async ({ port }) => await obstacleTo(port)));
  const problems = needed.flatMap((port, index) => {
    const obstacle = obstacles[index];
    return obstacle ? [{ ...port, obstacle }] : [];
  });
  if (problems.length === 0) return;
  const lines = problems.map(({ port, purpose, obstacle }) => `Port ${port}, meant for ${purpose}, ${obstacle}.`);
  const remedy = problems.map(({ port, flag }) => `${flag} ${alternativeTo(port)}`).join(' ');
  throw new StartError(`${lines.join('\n')}\nChoose another, for example with ${remedy}`);
}

/** @returns why nobody can listen there; null when one can */
async function obstacleTo(port: number): Promise<string | null> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EADDRINUSE') return 'is in use by another program';
    if (code === 'EACCES') return 'may not be opened by this user';
    throw error;
  }
  server.close();
  await once(server, 'close');
  return null;
}

function alternativeTo(port: number): number {
  return port < 1024 ? port + 8000 : port + (port < 65_000 ? 100 : -100);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { StartError } from '@tenantry/service';
import { z } from 'zod';
import type { Progress } from '../progress.ts';

/** Where the gateways are that are installed apart, with a lockfile of their own. */
export const peersDirectory: URL = new URL('../../peers/', import.meta.url);

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });
const { dependencies } = manifestSchema.parse(JSON.parse(readFileSync(new URL('package.json', peersDirectory), 'utf8')));

/** The version that a peer is pinned to. */
export function peerVersion(name: string): string {
  return dependencies[name] ?? 'of no version';
}

/**
 * Installs the peers where they are not there yet as their lockfile has them.
 *
 * @throws {StartError} when that fails
 */
export async function installPeers(progress: Progress, signal: AbortSignal): Promise<void> {
  // pnpm keeps a copy of the lockfile that it has installed.
  const [wanted, installed] = await Promise.all([textOf('pnpm-lock.yaml'), textOf('node_modules/.pnpm/lock.yaml')]);
  if (wanted === installed) return;
  progress.say('Installing the gateways to compare with, once: about 400 MB into packages/bench/peers.');
  const child = spawn('npx', ['--yes', 'pnpm', 'install', '--frozen-lockfile'], { cwd: fileURLToPath(peersDirectory), signal });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new StartError(`The gateways to compare with could not be installed:\n${output.trim()}`);
}

async function textOf(path: string): Promise<string | null> {
  return await readFile(new URL(path, peersDirectory), 'utf8').catch(() => null);
}

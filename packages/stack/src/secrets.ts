import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyRingVariable, StartError, type KeyRing } from '@tenantry/service';
import { z } from 'zod';

/** What `pnpm start` needs to keep secret; made at random on the first start, readable by its user only. */
export interface Secrets {
  postgresPassword: string;
  /** Signs the demo tokens. At least 32 bytes. */
  jwtSecret: Buffer;
  signingKey: Buffer;
  keyRing: KeyRing;
}

export const secretsFileName = 'secrets.json';

const leastSecretLength = 32;
const key = z.base64().transform((text) => Buffer.from(text, 'base64'));

const storedSecrets = z.object({
  postgresPassword: z.string().min(16),
  // As JWT_SECRET is read: the text's own bytes.
  jwtSecret: z
    .string()
    .min(leastSecretLength)
    .transform((text) => Buffer.from(text)),
  signingKey: key,
  credentialsKey: keyRingVariable,
});

/**
 * Reads `secrets.json` of `directory`; writes it first when there is none.
 *
 * @throws {StartError} when the file is there and not usable
 */
export async function keepSecrets(directory: string): Promise<Secrets> {
  const path = join(directory, secretsFileName);
  const text = await readFile(path, 'utf8').catch(async (error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return await writeSecrets(path);
    throw error;
  });
  try {
    return parseSecrets(JSON.parse(text));
  } catch (cause) {
    throw new StartError(`${path} is not usable. Restore it: without it the data beside it cannot be opened.`, { cause });
  }
}

export function generateSecrets(): Secrets {
  return parseSecrets(randomSecrets());
}

function parseSecrets(stored: unknown): Secrets {
  const { credentialsKey, ...secrets } = storedSecrets.parse(stored);
  return { ...secrets, keyRing: credentialsKey };
}

async function writeSecrets(path: string): Promise<string> {
  const text = `${JSON.stringify(randomSecrets(), null, 2)}\n`;
  // Written whole or not at all: a half-written file would lock everybody out of the data.
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return text;
}

function randomSecrets(): z.input<typeof storedSecrets> {
  return {
    postgresPassword: randomBytes(24).toString('base64url'),
    jwtSecret: randomBytes(32).toString('base64'),
    signingKey: randomBytes(32).toString('base64'),
    credentialsKey: `k1:${randomBytes(32).toString('base64')}`,
  };
}

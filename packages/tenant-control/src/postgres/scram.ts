import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/**
 * Stretching makes passwords that people choose dearer to guess. To those that are 256 random bits it adds nothing but its time, which
 * would be a good part of the time that a connection takes to make.
 */
const iterationsOfRandom = 1;

const saltBytes = 16;
const digestBytes = 32;

/**
 * What Postgres stores of a password (RFC 5803, SCRAM-SHA-256). `CREATE ROLE … PASSWORD` takes it in place of the password itself,
 * which therefore appears in no statement and no server log.
 *
 * @param password as random as a key, and printable ASCII, for which SASLprep (RFC 4013) changes nothing
 */
export function scramVerifier(password: string, salt = randomBytes(saltBytes), iterations = iterationsOfRandom): string {
  const salted = pbkdf2Sync(password, salt, iterations, digestBytes, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

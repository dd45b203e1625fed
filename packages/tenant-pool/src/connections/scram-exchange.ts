import { createHash, createHmac, pbkdf2, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const stretch = promisify(pbkdf2);

const digestBytes = 32;
const nonceBytes = 18;

/** Iterations that take no longer than handing them to another thread would; the pool's own roles have one. */
const maxInlineIterations = 256;

/** Iterations that whoever answers may ask for, before it is known who that is: some 15 ms. */
const maxIterations = 100_000;

/** Without channel binding, and without saying that it could have been: what goes before the client's first message (RFC 5802 §7). */
const header = 'n,,';

/** Of the server's first message; extensions may follow (RFC 5802 §7). */
const challenge = /^r=(?<nonce>[!-+\--~]+),s=(?<salt>[A-Za-z0-9+/]+={0,2}),i=(?<iterations>[1-9]\d{0,8})(?:,|$)/;

/**
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), for one connection. Errors begin with `SASL: `, as those of `pg` do.
 *
 * `pg` has it, too, but by WebCrypto, for which each of many small steps is done on another thread: they take longer to hand over than to
 * do, and those threads may all be waiting for a name server.
 */
export class ScramExchange {
  readonly #password: string;
  readonly #nonce: string;
  /** What the server has to send to show that it knows the password, too; null before the challenge. */
  #serverSignature: Buffer | null = null;
  #isOver = false;

  /** @param password printable ASCII, for which SASLprep (RFC 4013) changes nothing */
  constructor(password: string, nonce = randomBytes(nonceBytes).toString('base64')) {
    this.#password = password;
    this.#nonce = nonce;
  }

  /** The client's first message. Postgres takes the user's name from the startup message, and wants none here. */
  get first(): string {
    return `${header}${this.#firstBare}`;
  }

  /** @returns the client's final message, to the server's first one */
  async answer(serverFirst: string): Promise<string> {
    const { nonce = '', salt = '', iterations: count } = challenge.exec(serverFirst)?.groups ?? {};
    const iterations = Number(count);
    if (!count) throw new Error('SASL: the server sent a challenge that is none.');
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error('SASL: the server answered another challenge.');
    if (iterations > maxIterations) throw new Error(`SASL: the server asks for ${iterations} iterations, more than ${maxIterations}.`);
    const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
    const exchanged = `${this.#firstBare},${serverFirst},${withoutProof}`;

    const parameters = [this.#password, Buffer.from(salt, 'base64'), iterations, digestBytes, 'sha256'] as const;
    const salted = iterations > maxInlineIterations ? await stretch(...parameters) : pbkdf2Sync(...parameters);
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), exchanged);
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), exchanged);
    return `${withoutProof},p=${xor(clientKey, signature).toString('base64')}`;
  }

  /** Takes the server's final message. @throws when it does not show that the server knows the password */
  conclude(serverFinal: string): void {
    const [, signature] = /^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(serverFinal) ?? [];
    if (!signature) throw new Error(`SASL: the server refused: ${JSON.stringify(serverFinal)}.`);
    const given = Buffer.from(signature, 'base64');
    const expected = this.#serverSignature;
    if (given.length !== expected?.length || !timingSafeEqual(given, expected))
      throw new Error('SASL: the server does not know the password.');
    this.#isOver = true;
  }

  /** @throws when the server has not shown that it knows the password: one that says that all is well may be anybody */
  assertOver(): void {
    if (!this.#isOver) throw new Error('SASL: the server ended the exchange before it was over.');
  }

  get #firstBare(): string {
    return `n=,r=${this.#nonce}`;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, at) => byte ^ (right[at] ?? 0)));
}

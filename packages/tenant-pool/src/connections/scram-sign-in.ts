import type { Client, Connection } from 'pg';
import { ScramExchange } from './scram-exchange.ts';

/** What proves who one is: fixed, or asked for when it is wanted, and then not kept. */
export type Password = string | (() => string);

/** What `pg` makes of a message of the exchange: the first has the mechanisms, the others data. */
interface SaslMessage {
  readonly mechanisms?: readonly string[];
  readonly data?: string;
}

const mechanism = 'SCRAM-SHA-256';

/** For these, SASLprep (RFC 4013) changes nothing. */
const printableAscii = /^[ -~]+$/;

/**
 * Has `client` prove its password by {@link ScramExchange} if the server asks for that. To be called when it has begun to connect. Any
 * other way to sign in is left to `pg`, and so is a password that is not printable ASCII, or cannot be read.
 */
export function signInByScram({ connection }: Client, password: Password | undefined): void {
  // The server has been told who wants to come in, and gets ready: time to unseal a password.
  connection.once('connect', () => {
    const plain = read(password);
    if (plain !== null && printableAscii.test(plain)) prove(connection, plain);
  });
}

function read(password: Password | undefined): string | null {
  try {
    return (typeof password === 'function' ? password() : password) ?? null;
  } catch {
    // Asked again, `pg` has it from the same source, and tells of the error.
    return null;
  }
}

/** Takes the messages of the exchange, which `pg` tells of by an event each, in its place (PostgreSQL, 54.3.1 and 54.7). */
function prove(connection: Connection, password: string): void {
  const exchange = new ScramExchange(password);
  const take = (event: string, step: (message: SaslMessage) => Promise<void> | void): void => {
    connection.removeAllListeners(event);
    connection.once(event, (message: SaslMessage) => void attempt(connection, () => step(message)));
  };
  take('authenticationSASL', ({ mechanisms = [] }) => {
    if (!mechanisms.includes(mechanism)) throw new Error(`SASL: the server knows ${mechanisms.join()}, and not ${mechanism}.`);
    send(connection, initialResponse(exchange.first));
    take('authenticationOk', () => exchange.assertOver());
  });
  take('authenticationSASLContinue', async ({ data = '' }) => send(connection, Buffer.from(await exchange.answer(data))));
  take('authenticationSASLFinal', ({ data = '' }) => exchange.conclude(data));
}

/** What `step` throws in this turn is told in this turn: a welcome that came along with a wrong proof is not to be taken for one. */
async function attempt(connection: Connection, step: () => Promise<void> | void): Promise<void> {
  try {
    await step();
  } catch (error) {
    connection.emit('error', error);
  }
}

function initialResponse(first: string): Buffer {
  const text = Buffer.from(first);
  return Buffer.concat([Buffer.from(`${mechanism}\0`), int32(text.length), text]);
}

/** SASLInitialResponse and SASLResponse are both of the type `p` (PostgreSQL, 54.7). */
function send({ stream }: Connection, body: Buffer): void {
  const header = Buffer.concat([Buffer.from('p'), int32(body.length + Int32Array.BYTES_PER_ELEMENT)]);
  if (stream.writable) stream.write(Buffer.concat([header, body]));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(Int32Array.BYTES_PER_ELEMENT);
  bytes.writeInt32BE(value);
  return bytes;
}

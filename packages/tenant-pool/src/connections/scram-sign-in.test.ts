import { randomBytes, webcrypto } from 'node:crypto';
import { Pool, escapeLiteral, type PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openTestServer } from '../testing/test-server.ts';
import { connectionFailure } from './connection-failure.ts';
import { PooledClient, type ConnectionConfig, type PooledClientOptions } from './pooled-client.ts';

const role = `scram_${randomBytes(6).toString('hex')}`;
const administrator = new Pool({ connectionString: inject('postgresUrl'), max: 1 });

// In a database of its own: who else uses the server may keep strangers out of theirs.
beforeAll(async () => {
  await administrator.query(`CREATE ROLE ${role} LOGIN`);
  await administrator.query(`CREATE DATABASE ${role} OWNER ${role}`);
});
afterAll(async () => {
  await administrator.query(`DROP DATABASE ${role}`);
  await administrator.query(`DROP ROLE ${role}`);
  await administrator.end();
});

/** Gives the role a password as servers do by themselves, whose `scram_iterations` is that. */
async function setPassword(password: string, iterations = 1): Promise<void> {
  await administrator.query(`SET scram_iterations = ${iterations}; ALTER ROLE ${role} PASSWORD ${escapeLiteral(password)}`);
}

function ofServer(password: ConnectionConfig['password']): ConnectionConfig {
  const { hostname: host, port } = new URL(inject('postgresUrl'));
  return { host, port: Number(port), user: role, database: role, ...(password !== undefined && { password }) };
}

/** Connects once. @returns what `use` makes of the connection */
async function connected<Result>(
  connection: ConnectionConfig,
  use: (client: PoolClient) => Promise<Result>,
  onOpen: () => void = () => {},
): Promise<Result> {
  const watcher = { onStart: () => {}, onOpen, onLeave: () => {}, onEnd: () => {} };
  const options: PooledClientOptions = { Client: PooledClient, connection, watcher };
  const pool = new Pool(options);
  pool.on('error', () => {});
  try {
    const client = await pool.connect();
    const result = await use(client);
    client.release();
    return result;
  } finally {
    await pool.end();
  }
}

function unreadable(): never {
  throw new Error('no key');
}

const userOf = async (client: PoolClient) => (await client.query<{ user: string }>('SELECT current_user AS user')).rows[0]?.user;

describe('a role', () => {
  it.each([1, 4096])('with %d iterations signs in on this thread or one other, and not by WebCrypto', async (iterations) => {
    const password = randomBytes(32).toString('base64url');
    await setPassword(password, iterations);
    using imported = vi.spyOn(webcrypto.subtle, 'importKey');
    expect(await connected(ofServer(password), userOf)).toBe(role);
    expect(
      await connected(
        ofServer(() => password),
        userOf,
      ),
    ).toBe(role);
    expect(imported).not.toHaveBeenCalled();
  });

  it.each(['with spaces ', '~!,=n,p=', 'Grüße\u00A0', '\u2168'])('signs in by the password %j', async (password) => {
    await setPassword(password);
    expect(
      await connected(
        ofServer(() => password),
        userOf,
      ),
    ).toBe(role);
  });

  it.each([1, 4096])('with %d iterations does not sign in by another password', async (iterations) => {
    await setPassword('right', iterations);
    await expect(connected(ofServer('wrong'), userOf)).rejects.toMatchObject({ code: '28P01' });
  });

  it('says so when its password cannot be read', async () => {
    await setPassword('right');
    await expect(connected(ofServer(unreadable), userOf)).rejects.toThrow('no key');
  });
});

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function message(type: string, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** What an authentication message begins with (PostgreSQL, 54.7). */
const request = { ok: int32(0), cleartext: int32(3), sasl: int32(10), saslContinue: int32(11), saslFinal: int32(12) };

const offer = (...mechanisms: string[]) => message('R', request.sasl, ...mechanisms.map((name) => `${name}\0`), '\0');
const welcome = Buffer.concat([message('R', request.ok), message('Z', 'I')]);
const challenged = (data: Buffer) =>
  message('R', request.saslContinue, `r=${/r=(.+)$/s.exec(data.toString())?.[1] ?? ''}more,s=c2FsdA==,i=1`);

/** Says to each message of the client what is next. */
async function openServer(script: readonly ((data: Buffer) => Buffer)[]) {
  const heard: Buffer[] = [];
  const server = await openTestServer((socket) => {
    const rest = [...script];
    socket.on('data', (data) => {
      heard.push(data);
      socket.write(rest.shift()?.(data) ?? Buffer.alloc(0));
    });
  });
  return Object.assign(server, { heard });
}

const scram = () => offer('SCRAM-SHA-256');

describe('whoever answers in place of the server', () => {
  it.each([
    ['asks for no proof after all', [scram, () => welcome]],
    ['takes any proof', [scram, challenged, () => welcome]],
    ['makes up a proof of its own', [scram, challenged, () => Buffer.concat([message('R', request.saslFinal, 'v=AAAA'), welcome])]],
    ['repeats what it was sent', [scram, (data: Buffer) => message('R', request.saslContinue, data.subarray(5)), () => welcome]],
    ['knows other mechanisms only', [() => offer('SCRAM-SHA-256-PLUS', 'OAUTHBEARER')]],
  ])('and %s is not believed', async (_what, script) => {
    await using server = await openServer(script);
    const connection = { ...ofServer('secret'), host: '127.0.0.1', port: server.port };
    const onOpen = vi.fn<() => void>();
    const refused: unknown = await connected(connection, async () => 'believed', onOpen).catch((error: unknown) => error);
    expect(onOpen).not.toHaveBeenCalled();
    expect(refused).toMatchObject({ message: expect.stringMatching(/^SASL: /) });
    expect(connectionFailure(refused)).toBe('authentication');
  });

  it('may ask for the password itself, as some do behind TLS', async () => {
    await using server = await openServer([() => message('R', request.cleartext), () => welcome]);
    const connection = { ...ofServer(() => 'secret'), host: '127.0.0.1', port: server.port };
    expect(await connected(connection, async () => 'believed')).toBe('believed');
    expect(server.heard[1]?.toString()).toContain('secret\0');
  });
});

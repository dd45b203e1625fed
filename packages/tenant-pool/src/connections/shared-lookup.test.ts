import { isIP, type LookupFunction } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Pool } from 'pg';
import { expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../testing/test-server.ts';
import { sharedLookup, socketsBy } from './shared-lookup.ts';

/** Answers when told to. */
function patientLookup(): { lookup: LookupFunction; asked: string[]; answer: (name: string) => void } {
  const questions = new Map<string, () => void>();
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname);
    questions.set(hostname, () => callback(null, '127.0.0.1', 4));
  };
  return { lookup, asked, answer: (name) => questions.get(name)?.() };
}

const find = async (lookup: LookupFunction, name: string) =>
  await new Promise((resolve) => lookup(name, {}, (error, address) => resolve(error ?? address)));

test('a name is looked up once for all who want it at the time, and anew for who comes later', async () => {
  const { lookup, asked, answer } = patientLookup();
  const shared = sharedLookup(lookup);
  const found = Promise.all([1, 2, 3].map(async () => await find(shared, 'one.test')));
  answer('one.test');
  expect(await found).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  const later = find(shared, 'one.test');
  answer('one.test');
  expect(await later).toBe('127.0.0.1');
  expect(asked).toEqual(['one.test', 'one.test']);
});

test('a name that has no answer keeps no other waiting', async () => {
  const { lookup, answer } = patientLookup();
  const shared = sharedLookup(lookup);
  void find(shared, 'silent.test');
  const found = find(shared, 'two.test');
  answer('two.test');
  expect(await found).toBe('127.0.0.1');
});

test('a name whose look-up throws is looked up anew for who comes later', async () => {
  const { lookup, answer } = patientLookup();
  let isReady = false;
  const shared = sharedLookup((...question) => {
    if (!isReady) throw new Error('not ready');
    lookup(...question);
  });
  await expect(find(shared, 'one.test')).rejects.toThrow('not ready');
  isReady = true;
  const found = find(shared, 'one.test');
  answer('one.test');
  expect(await found).toBe('127.0.0.1');
});

test('the system is asked by default', async () => {
  const address = await find(sharedLookup(), 'localhost');
  expect(isIP(String(address))).toBeGreaterThan(0);
  expect(await find(sharedLookup(), 'nowhere.invalid')).toMatchObject({ code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/) });
});

test('TLS is asked for by the name that was looked up', async () => {
  const { promise: named, resolve: onName } = Promise.withResolvers<string>();
  await using server = await openTlsServer(onName);
  const ssl = { rejectUnauthorized: true };
  const pool = new Pool({ host: 'tenants.test', port: server.port, ssl, stream: socketsBy(here), password: 'none' });
  await expect(pool.connect()).rejects.toThrow(/socket disconnected|ECONNRESET|alert/i);
  expect(await named).toBe('tenants.test');
  await pool.end();
});

const here: LookupFunction = (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);

/** A Postgres as far as TLS goes: it says that it speaks it, hears which name is asked for, and has no certificate for that. */
async function openTlsServer(onName: (name: string) => void): Promise<TestServer> {
  const SNICallback = (name: string, done: (error: Error) => void) => {
    onName(name);
    done(new Error('no certificate'));
  };
  return await openTestServer((socket) => {
    socket.once('data', () => {
      new TLSSocket(socket, { isServer: true, SNICallback }).on('error', () => socket.destroy());
      socket.write('S');
    });
  });
}

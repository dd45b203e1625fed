import { expect, test } from 'vitest';
import { ServerAbsentError } from './errors.ts';
import { byUrl, openFirst, type Way } from './test-server.ts';

const version = async () => '1.0';
const unfit = async () => await Promise.reject(new Error('too old'));

function way(kind: Way['kind'], log: string[] = []): Way {
  const open = async () => ({ url: `test://${kind}`, [Symbol.asyncDispose]: async () => void log.push(`${kind} closed`) });
  return { kind, name: kind, open };
}

function absent(kind: Way['kind'], reason: string): Way {
  return { kind, name: kind, open: async () => await Promise.reject(new ServerAbsentError(reason)) };
}

test('the first way that is there is taken, and described with its version', async () => {
  await using server = await openFirst([byUrl('SOME_URL', null), way('docker'), way('embedded')], null, version);

  expect(server).toMatchObject({ url: 'test://docker', description: 'docker 1.0' });
});

test('a URL comes before everything else', async () => {
  await using server = await openFirst([byUrl('SOME_URL', 'test://given'), way('docker')], null, version);

  expect(server).toMatchObject({ url: 'test://given', description: 'SOME_URL 1.0' });
});

test('where one kind is asked for, no other one is taken', async () => {
  const ways = [byUrl('SOME_URL', 'test://given'), way('docker'), way('embedded')];
  await using server = await openFirst(ways, 'embedded', version);

  expect(server.url).toBe('test://embedded');
  await expect(openFirst([way('embedded'), absent('docker', 'no daemon')], 'docker', version)).rejects.toThrow(/^no daemon$/);
});

test('where nothing is there, every reason is given', async () => {
  const ways = [byUrl('SOME_URL', null), absent('docker', 'no daemon')];

  await expect(openFirst(ways, null, version)).rejects.toThrow('SOME_URL is not set, no daemon');
});

test('a server that is there and unfit fails the run instead of being passed over, and is closed', async () => {
  const log: string[] = [];

  await expect(openFirst([way('docker', log), way('embedded')], null, unfit)).rejects.toThrow('docker cannot be used for tests: too old');
  expect(log).toEqual(['docker closed']);
});

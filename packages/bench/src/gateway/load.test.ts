import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { WrongAnswerError } from '../errors.ts';
import { openLoad, type Load, type LoadOptions } from './load.ts';
import { listenOnFreePort } from './processes/listen.ts';

const requests = ['1', '2', '3'].map((id) => ({ query: 'query Q($id: ID!) { echo(id: $id) }', operationName: 'Q', variables: { id } }));
const check: LoadOptions['check'] = (request, body) => {
  if (body !== JSON.stringify(request)) throw new WrongAnswerError(body);
};

/** Answers with what it was sent, but for every request of that number, from 1. */
async function echo(instead?: { number: number; status: number; body: string }) {
  let count = 0;
  const callers = new Set<string | undefined>();
  const server = await listenOnFreePort((request, response) => {
    count += 1;
    callers.add(request.headers.authorization);
    if (instead && count % instead.number === 0) response.writeHead(instead.status).end(instead.body);
    else void text(request).then((body) => response.end(body));
  });
  return Object.assign(server, { callers, count: () => count });
}

function open(url: string): Load {
  return openLoad({
    url: `${url}/graphql`,
    requests,
    tokens: ['a', 'b'],
    connections: 4,
    seed: 1,
    check,
    signal: new AbortController().signal,
  });
}

test('asks for everything once, and then as fast as it is answered, with every token', async () => {
  await using server = await echo();
  await using load = open(server.url);
  await load.checkAll();
  expect(server.count()).toBe(requests.length);
  const report = await load.run(100);
  expect(report.requests).toBe(server.count() - requests.length);
  expect(report.requests).toBeGreaterThan(4);
  expect(report.p99Ms).toBeGreaterThanOrEqual(report.p50Ms);
  expect(server.callers).toEqual(new Set(['Bearer a', 'Bearer b']));
});

test('fails when anything is answered wrongly', async () => {
  await using server = await echo({ number: 3, status: 200, body: '{"data":null}' });
  await using load = open(server.url);
  await expect(load.checkAll()).rejects.toThrow(WrongAnswerError);
});

test('fails when a request fails under load, and says with what', async () => {
  await using server = await echo({ number: 50, status: 503, body: 'too much' });
  await using load = open(server.url);
  await expect(load.run(5000)).rejects.toThrow('status 503: too much');
});

test('looks at some of the answers under load', async () => {
  await using server = await echo({ number: 1, status: 200, body: '{"data":null}' });
  await using load = open(server.url);
  await expect(load.run(5000)).rejects.toThrow(WrongAnswerError);
});

import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { listenHttp } from '../../test/support/listen-http.ts';
import { SupergraphError } from '../errors.ts';
import { maxSupergraphBytes } from './supergraph-source.ts';
import { urlSource } from './url-source.ts';

test('a supergraph is fetched again when its entity tag has changed', async () => {
  let current = 'one';
  const asked: IncomingMessage['headers'][] = [];
  await using server = await listenHttp(({ headers }, response) => {
    asked.push(headers);
    const tag = `"${current}"`;
    if (headers['if-none-match'] === tag) response.writeHead(304).end();
    else response.writeHead(200, { etag: tag }).end(current);
  });
  const source = urlSource({ url: `${server.url}/supergraph`, token: 'secret' });
  expect(await source.read()).toBe('one');
  expect(await source.read()).toBeNull();
  current = 'two';
  expect(await source.read()).toBe('two');
  expect(asked.map((headers) => headers['if-none-match'])).toEqual([undefined, '"one"', '"one"']);
  expect(new Set(asked.map((headers) => headers.authorization))).toEqual(new Set(['Bearer secret']));
});

test('a redirection is followed; a token is not taken to another origin', async () => {
  await using other = await listenHttp(({ headers }, response) => response.end(`token: ${headers.authorization ?? 'none'}`));
  await using server = await listenHttp((_request, response) => response.writeHead(302, { location: `${other.url}/there` }).end());
  expect(await urlSource({ url: server.url, token: 'secret' }).read()).toBe('token: none');
});

test.each([
  ['a status that is not 200', 503, 'is answered with status 503'],
  ['that nothing has changed, though nothing was read', 304, 'is answered with status 304'],
])('%s is an error', async (_what, status, message) => {
  await using server = await listenHttp((_request, response) => response.writeHead(status).end());
  const reading = urlSource({ url: `${server.url}/s?key=secret` }).read();
  await expect(reading).rejects.toThrow(SupergraphError);
  await expect(reading).rejects.toThrow(`The supergraph of ${server.url}/s ${message}`);
});

test('a server that is down, or does not answer in time, is an error', async () => {
  const gone = await listenHttp(() => {});
  await gone[Symbol.asyncDispose]();
  await expect(urlSource({ url: gone.url }).read()).rejects.toThrow('cannot be fetched: connect ECONNREFUSED');
  await using slow = await listenHttp((_request, response) => response.write('type'));
  await expect(urlSource({ url: slow.url, timeoutMs: 50 }).read()).rejects.toThrow('cannot be fetched');
});

test('an answer that is larger than any supergraph, or breaks off, is an error', async () => {
  await using large = await listenHttp((_request, response) => response.end('x'.repeat(maxSupergraphBytes + 1)));
  await expect(urlSource({ url: large.url }).read()).rejects.toThrow(/cannot be fetched: .*max size/);
  await using broken = await listenHttp((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('type', () => response.destroy());
  });
  await expect(urlSource({ url: broken.url }).read()).rejects.toThrow('cannot be fetched');
});

test('a read ends when the gateway does', async () => {
  await using server = await listenHttp(() => {});
  await expect(urlSource({ url: server.url }).read(AbortSignal.abort())).rejects.toThrow('cannot be fetched');
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, tokenFor, type TestGateway } from './support/test-gateway.ts';

const query = '{ context { origin } }';

async function originSeenBy(gateway: TestGateway, forwardedFor?: string): Promise<unknown> {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const { body } = await gateway.post({ query }, { token: tokenFor('ada'), headers });
  expect(body.errors).toBeUndefined();
  return body.data?.['context'];
}

describe('the client that a subgraph is told of', () => {
  let direct: TestGateway;
  let proxied: TestGateway;
  beforeAll(async () => {
    direct = await startTestGateway();
    proxied = await startTestGateway({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
  });
  afterAll(async () => {
    await direct[Symbol.asyncDispose]();
    await proxied[Symbol.asyncDispose]();
  });

  test('is whoever connects, whatever a header says', async () => {
    expect(await originSeenBy(direct)).toEqual({ origin: '127.0.0.1' });
    expect(await originSeenBy(direct, '203.0.113.7')).toEqual({ origin: '127.0.0.1' });
  });

  test.each([
    ['whom a trusted proxy names', '203.0.113.7', '203.0.113.7'],
    ['whom the first of the trusted proxies names', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['not whom the client itself names', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['a proxy that names nobody', undefined, '127.0.0.1'],
    ['one by IPv6', '2001:db8::7', '2001:db8::7'],
    ['one by IPv4 on a socket for both', '::ffff:203.0.113.7', '203.0.113.7'],
    ['one with a zone', 'fe80::1%eth0', 'fe80::1'],
    ['unknown when a trusted proxy names what is no address', '10.1.2.3 or so', null],
  ])('is %s', async (_what, forwardedFor, origin) => {
    expect(await originSeenBy(proxied, forwardedFor)).toEqual({ origin });
  });
});

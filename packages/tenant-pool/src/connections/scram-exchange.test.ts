import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ScramExchange } from './scram-exchange.ts';

// Of the example in RFC 7677 §3; its user's name is left out, as Postgres wants it.
const [password, clientNonce, serverNonce] = ['pencil', 'rOprNGfwEbeRWgbNEkqO', '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'];
const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function challenge(iterations = 4096): string {
  return `r=${clientNonce}${serverNonce},s=${salt},i=${iterations}`;
}

/** What a server does that keeps what RFC 5803 has it keep, which does not tell it the password. */
function serve(exchange: ScramExchange, serverFirst: string, final: string): { proven: boolean; final: string } {
  const [withoutProof = '', proof = ''] = final.split(',p=');
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(serverFirst.split('i=')[1]), 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
  const exchanged = `${exchange.first.slice('n,,'.length)},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, exchanged);
  const clientKey = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0));
  return {
    proven: createHash('sha256').update(clientKey).digest().equals(storedKey),
    final: `v=${hmac(hmac(salted, 'Server Key'), exchanged).toString('base64')}`,
  };
}

describe.each([1, 256, 257, 4096])('after %d iterations', (iterations) => {
  it('a client proves its password to who keeps a verifier of it, who does so to the client', async () => {
    const exchange = new ScramExchange(password, clientNonce);
    expect(exchange.first).toBe(`n,,n=,r=${clientNonce}`);
    const answer = await exchange.answer(challenge(iterations));
    expect(answer).toMatch(`c=biws,r=${clientNonce}${serverNonce},p=`);
    const served = serve(exchange, challenge(iterations), answer);
    expect(served.proven).toBe(true);
    expect(() => exchange.assertOver()).toThrow(/^SASL: /);
    exchange.conclude(served.final);
    expect(() => exchange.assertOver()).not.toThrow();
  });

  it('another password proves nothing', async () => {
    const exchange = new ScramExchange('pencils', clientNonce);
    const served = serve(exchange, challenge(iterations), await exchange.answer(challenge(iterations)));
    expect(served.proven).toBe(false);
    expect(() => exchange.conclude(served.final)).toThrow('SASL: the server does not know the password.');
  });
});

it.each([
  ['that is empty', ''],
  ['without iterations', `r=${clientNonce}${serverNonce},s=${salt}`],
  ['of no iterations', challenge(0)],
  ['with an extension that must be understood', `m=1,${challenge()}`],
  ['without a salt', `r=${clientNonce}${serverNonce},s=,i=1`],
  ['to somebody else', `r=${serverNonce},s=${salt},i=1`],
  ['to which the server added nothing', `r=${clientNonce},s=${salt},i=1`],
  ['that would keep us busy', challenge(100_001)],
])('a challenge %s is refused', async (_what, serverFirst) => {
  await expect(new ScramExchange(password, clientNonce).answer(serverFirst)).rejects.toThrow(/^SASL: the server /);
});

it.each(['', 'v=', 'v=AAAA', `v=${'A'.repeat(43)}=`, 'e=invalid-proof'])(
  'a server that ends with %j did not show who it is',
  async (final) => {
    const exchange = new ScramExchange(password, clientNonce);
    await exchange.answer(challenge());
    expect(() => exchange.conclude(final)).toThrow(/^SASL: the server /);
    expect(() => exchange.assertOver()).toThrow(/^SASL: /);
  },
);

it('a server that was asked nothing shows nothing', () => {
  const exchange = new ScramExchange(password, clientNonce);
  expect(() => exchange.conclude('v=AAAA')).toThrow(/^SASL: /);
  expect(() => exchange.assertOver()).toThrow(/^SASL: /);
});

it('no two exchanges have the same nonce', () => {
  expect(new ScramExchange(password).first).not.toBe(new ScramExchange(password).first);
});

import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CertificateError } from '../errors.ts';
import { commonStatements, type CertificateDocument } from './certificate-document.ts';
import { signDocument, verifyCertificate } from './certificate.ts';
import { fromPem, keyIdOf, signingKeyOf, signingKeysOf, toPem } from './signing-key.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const before = new Map([['k1', oldKey]]);
const during = new Map([
  ['k2', newKey],
  ['k1', oldKey],
]);
const after = new Map([['k2', newKey]]);
const key = signingKeyOf(before);
const trusted = [key.publicKey];

function documentBy({ id: keyId, publicKey }: typeof key, changes: Partial<CertificateDocument> = {}): string {
  const at = new Date(0).toISOString();
  const certificate: CertificateDocument = {
    type: commonStatements.type,
    version: commonStatements.version,
    id: randomUUID(),
    tenantId: randomUUID(),
    requested: { at, by: { issuer: 'issuer', subject: 'operator' }, requestId: 'request' },
    issuedAt: at,
    removed: { databases: [], roles: [], backups: [], exports: [], usageSamples: 1, idempotencyKeys: 2 },
    absence: { observedAt: at, observedBy: 'here', observations: [] },
    remains: [],
    outOfReach: [],
    signer: { algorithm: 'Ed25519', keyId, publicKey: toPem(publicKey) },
    ...changes,
  };
  return JSON.stringify(certificate);
}

describe('a certificate', () => {
  const document = documentBy(key);
  const signature = signDocument(document, key);

  test('says what was signed', () => {
    expect(verifyCertificate({ document, signature }, trusted)).toEqual(JSON.parse(document));
  });

  test.each([
    ['a count', document.replace('"usageSamples":1', '"usageSamples":0')],
    ['a space', `${document} `],
    ['the tenant', document.replace(/"tenantId":"./, '"tenantId":"z')],
  ])('of which %s was changed is refused', (_what, changed) => {
    expect(changed).not.toBe(document);
    expect(() => verifyCertificate({ document: changed, signature }, trusted)).toThrow(CertificateError);
  });

  test.each(['', 'AAAA', signDocument(documentBy(key), key)])('with the signature %j is refused', (other) => {
    expect(() => verifyCertificate({ document, signature: other }, trusted)).toThrow('is not what was signed');
  });

  test.each(['', '{}', 'null', '[1]'])('that is %j is none', (nothing) => {
    expect(() => verifyCertificate({ document: nothing, signature }, trusted)).toThrow('is none of an erasure');
  });

  test('of somebody who has signed it by a key of their own is refused', () => {
    const [forger] = signingKeysOf(new Map([['k1', randomBytes(32)]]));
    if (!forger) throw new Error('no key');
    const forged = documentBy(forger);
    expect(() => verifyCertificate({ document: forged, signature: signDocument(forged, forger) }, trusted)).toThrow('none of those');
    const pretended = documentBy(forger, { signer: { algorithm: 'Ed25519', keyId: key.id, publicKey: toPem(forger.publicKey) } });
    expect(() => verifyCertificate({ document: pretended, signature: signDocument(pretended, forger) }, trusted)).toThrow('is not the one');
  });

  test('is checked by whoever has OpenSSL and the public key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tenantry-certificate-'));
    try {
      const inFolder = (name: string) => join(folder, name);
      await writeFile(inFolder('document'), document);
      await writeFile(inFolder('signature'), Buffer.from(signature, 'base64'));
      await writeFile(inFolder('key.pem'), toPem(key.publicKey));
      const check = promisify(execFile);
      const arguments_ = ['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pem', '-rawin', '-in', 'document', '-sigfile', 'signature'];
      expect((await check('openssl', arguments_, { cwd: folder })).stdout).toContain('Verified Successfully');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the key of certificates', () => {
  test('is that of the first key of CREDENTIALS_KEY; those that signed before verify on while theirs is there', () => {
    expect(signingKeyOf(before).id).toBe(key.id);
    expect(signingKeyOf(during).id).toBe(signingKeyOf(after).id);
    expect(signingKeyOf(after).id).not.toBe(key.id);
    expect(signingKeysOf(during).map(({ id }) => id)).toEqual([signingKeyOf(after).id, key.id]);
  });

  test('goes through PEM unchanged, and what is no such key is told', () => {
    const read = fromPem(toPem(key.publicKey));
    expect(read && keyIdOf(read)).toBe(key.id);
    expect(fromPem('nonsense')).toBeNull();
  });

  test('is always the same for the same key: certificates are checked years later', () => {
    expect(signingKeyOf(new Map([['k1', Buffer.alloc(32, 7)]])).id).toBe('6dOSXk0bd7vIrG9hJhQRUOjpFFAbGpRP_uRfW11U5rc');
  });
});

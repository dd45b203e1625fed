import { sign, verify, type KeyObject } from 'node:crypto';
import type { ErasureCertificate as CertificateRow, PrismaClient } from '@tenantry/prisma/control';
import { canonicalUuid, parseJson } from '@tenantry/service';
import { CertificateError } from '../errors.ts';
import { certificateSchema, type CertificateDocument } from './certificate-document.ts';
import { fromPem, keyIdOf, type SigningKey } from './signing-key.ts';

/** What remains of an erased tenant: the signed account of what was removed. */
export type ErasureCertificate = Readonly<CertificateRow>;

/** What a certificate needs to be checked, wherever it comes from. */
export type SignedDocument = Pick<ErasureCertificate, 'document' | 'signature'>;

/** @returns the signature of the document's bytes (RFC 8032), in base64 */
export function signDocument(document: string, { privateKey }: SigningKey): string {
  return sign(null, Buffer.from(document), privateKey).toString('base64');
}

/**
 * Checks that a certificate is what one of these keys has signed, to the letter. It needs nothing of the installation: whoever has the
 * public key can check it.
 *
 * @param trusted public keys of the installation, its former ones, too
 * @returns what it says
 * @throws {CertificateError} when it was changed, is no certificate, or another key has signed it
 */
export function verifyCertificate({ document, signature }: SignedDocument, trusted: readonly KeyObject[]): CertificateDocument {
  const said = parse(document);
  const key = fromPem(said.signer.publicKey);
  if (!key || keyIdOf(key) !== said.signer.keyId) throw new CertificateError('names a key that is not the one that it holds');
  if (!verify(null, Buffer.from(document), key, Buffer.from(signature, 'base64'))) {
    throw new CertificateError('is not what was signed: it was changed, or has the signature of another one');
  }
  if (!trusted.some((each) => each.equals(key))) {
    throw new CertificateError(`was signed by the key ${said.signer.keyId}, which is none of those that it was checked against`);
  }
  return said;
}

export async function findCertificate(db: Pick<PrismaClient, 'erasureCertificate'>, tenantId: string): Promise<ErasureCertificate | null> {
  const id = canonicalUuid(tenantId);
  return id === null ? null : await db.erasureCertificate.findUnique({ where: { tenantId: id } });
}

function parse(document: string): CertificateDocument {
  const { data } = certificateSchema.safeParse(parseJson(document));
  if (!data) throw new CertificateError('is none of an erasure, or of a later version of Tenantry');
  return data;
}

import { readFile } from 'node:fs/promises';
import { parseJson } from '@tenantry/service';
import type { ErasureCertificate, SignedDocument } from '@tenantry/tenant-control';
import { z } from 'zod';
import { FileError } from '../errors.ts';
import type { Json } from '../output/print.ts';

const signedDocument = z.object({ document: z.string(), signature: z.string() });

/** A certificate as it is shown and kept. */
export function certificateJson({ issuedAt, ...certificate }: ErasureCertificate): Json {
  return { ...certificate, issuedAt: issuedAt.toISOString() };
}

export function certificateFile(certificate: ErasureCertificate): string {
  return `${JSON.stringify(certificateJson(certificate), null, 2)}\n`;
}

/** @throws {FileError} when it cannot be read, or holds no certificate */
export async function readCertificateFile(path: string): Promise<SignedDocument> {
  const text = await readText(path);
  const { data } = signedDocument.safeParse(parseJson(text));
  if (!data) throw new FileError(`The file ${path} is no certificate as "certificate show --json" prints it.`);
  return data;
}

/** @throws {FileError} */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new FileError(`The file ${path} cannot be read.`, { cause });
  }
}

import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { canonicalUuid, keyRingVariable, parseEnvironment } from '@tenantry/service';
import { fromPem, signingKeysOf, toPem, verifyCertificate, type CertificateDocument } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { FileError, NoSuchCertificateError } from '../errors.ts';
import { formatCard } from '../output/card.ts';
import { formatInstant } from '../output/instant.ts';
import { printOne, sentence } from '../output/print.ts';
import type { Session } from '../session.ts';
import { certificateJson, readCertificateFile, readText } from './certificate-file.ts';
import { examples } from './examples.ts';

interface VerifyOptions {
  readonly publicKey?: string[];
}

export function certificateCommand(session: Session): Command {
  return new Command('certificate')
    .description('See and check the signed certificates of erasures')
    .addCommand(showCommand(session))
    .addCommand(verifyCommand(session))
    .addCommand(keyCommand(session));
}

function showCommand(session: Session): Command {
  return new Command('show')
    .description('Show what remains of a tenant that was erased')
    .argument('<tenant>', 'the id that it had')
    .addHelpText('after', examples(['with its signature, to hand over', 'certificate show 0199f3c2-7d1e-7c3a-9a50-3f5d8a1b2c4d --json']))
    .action(async (tenantId: string) => {
      const id = canonicalUuid(tenantId);
      const certificate = id === null ? null : await session.catalog().findErasureCertificate(id);
      if (!certificate) throw new NoSuchCertificateError(tenantId);
      printOne(session, certificateJson(certificate), () => `${certificate.document}\n`);
    });
}

function verifyCommand(session: Session): Command {
  return new Command('verify')
    .description('Check that a certificate is what this installation has signed; needs no server')
    .argument('<file>', 'as "certificate show --json" or "erase --certificate" writes it')
    .option('--public-key <file...>', 'check against these keys (PEM) instead of those of CREDENTIALS_KEY')
    .addHelpText(
      'after',
      examples(
        ['by the keys of this installation', 'certificate verify erased.json'],
        ['by whoever has its public key', 'certificate verify erased.json --public-key tenantry.pem'],
      ),
    )
    .action(async (file: string, { publicKey }: VerifyOptions) => {
      const inFolder = (path: string) => resolve(session.terminal.workingDirectory, path);
      const trusted = publicKey ? await Promise.all(publicKey.map(async (path) => await readKey(inFolder(path)))) : ownKeys(session);
      const said = verifyCertificate(await readCertificateFile(inFolder(file)), trusted);
      printOne(session, said, () => sentence(session, 'The certificate is genuine.') + certificateCard(said));
    });
}

function keyCommand(session: Session): Command {
  return new Command('key')
    .description('Print the public key that certificates are checked by')
    .addHelpText('after', examples(['to publish, and to keep when CREDENTIALS_KEY is rotated', 'certificate key > tenantry.pem']))
    .action(() => {
      const [current] = signingKeysOf(keyRingOf(session));
      if (!current) return;
      const publicKey = toPem(current.publicKey);
      printOne(session, { keyId: current.id, publicKey }, () => publicKey);
    });
}

function keyRingOf(session: Session) {
  return parseEnvironment({ CREDENTIALS_KEY: keyRingVariable }, session.environment()).CREDENTIALS_KEY;
}

function ownKeys(session: Session): KeyObject[] {
  return signingKeysOf(keyRingOf(session)).map(({ publicKey }) => publicKey);
}

/** @throws {FileError} */
async function readKey(path: string): Promise<KeyObject> {
  const key = fromPem(await readText(path));
  if (!key) throw new FileError(`The file ${path} is no public key of Ed25519 in PEM.`);
  return key;
}

function certificateCard({ id, tenantId, requested, issuedAt, removed, absence, signer }: CertificateDocument): string {
  return formatCard({
    certificate: id,
    tenant: tenantId,
    'asked for by': `${requested.by.subject} (${requested.by.issuer}) at ${formatInstant(new Date(requested.at))}`,
    databases: namesOf(removed.databases),
    roles: namesOf(removed.roles),
    backups: String(removed.backups.length),
    exports: String(removed.exports.length),
    'looked for': `${absence.observations.length} times, by ${absence.observedBy} at ${formatInstant(new Date(absence.observedAt))}`,
    issued: formatInstant(new Date(issuedAt)),
    key: signer.keyId,
  });
}

function namesOf(found: CertificateDocument['removed']['databases']): string {
  return found.map(({ cluster, name }) => `${name} on ${cluster}`).join(', ') || 'none';
}

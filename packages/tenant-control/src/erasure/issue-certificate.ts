import { randomUUID } from 'node:crypto';
import type { ErasureCertificate as CertificateRow } from '@tenantry/prisma/control';
import type { TenantWork } from '../life/tenant-work.ts';
import { absenceSchema, commonStatements, type CertificateDocument } from './certificate-document.ts';
import { signDocument } from './certificate.ts';
import { exportsLeftBy, removedBy } from './removed.ts';
import { signingKeyOf, toPem } from './signing-key.ts';

/** Puts what the steps have found and removed into a document, and signs it. It is not stored yet. */
export async function issueCertificate(work: TenantWork): Promise<CertificateRow> {
  const { saga, services } = work;
  const key = signingKeyOf(services.keyRing);
  const { createdAt } = await services.db.saga.findUniqueOrThrow({ where: { id: saga.id }, select: { createdAt: true } });
  const { issuer, subject, requestId } = saga.actor;
  const issuedAt = new Date();
  const certificate: CertificateDocument = {
    type: commonStatements.type,
    version: commonStatements.version,
    id: randomUUID(),
    tenantId: saga.tenantId,
    requested: { at: createdAt.toISOString(), by: { issuer, subject }, requestId },
    issuedAt: issuedAt.toISOString(),
    removed: removedBy(work),
    absence: absenceSchema.parse(saga.data['absence']),
    remains: [...commonStatements.remains],
    outOfReach: [...(await copiesOf(work)), ...exportsElsewhere(work), ...commonStatements.outOfReach],
    signer: { algorithm: 'Ed25519', keyId: key.id, publicKey: toPem(key.publicKey) },
  };
  const document = JSON.stringify(certificate, null, 2);
  const { id, tenantId } = certificate;
  return { id, tenantId, issuedAt, document, keyId: key.id, signature: signDocument(document, key) };
}

/** What was restored into another tenant is that one's. */
async function copiesOf({ saga, services: { db } }: TenantWork): Promise<string[]> {
  const copies = await db.$queryRaw<{ id: string }[]>`
    SELECT tenants.id FROM tenants JOIN sagas ON sagas.tenant_id = tenants.id AND kind = 'PROVISION'
    WHERE status <> 'DELETED' AND input->>'backupId' IN (SELECT id::text FROM backups WHERE tenant_id = ${saga.tenantId}::uuid)
    ORDER BY tenants.created_at, tenants.id`;
  return copies.map(({ id }) => `The tenant ${id}, which was made of a backup of this one, and has to be erased by itself.`);
}

function exportsElsewhere(work: TenantWork): string[] {
  return exportsLeftBy(work).map(
    ({ key, store }) => `The export ${key} in ${store}, which is not the store of this installation any more.`,
  );
}

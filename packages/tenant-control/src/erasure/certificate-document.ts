import { z } from 'zod';
import { removedSchema } from './removed.ts';

const instant = z.iso.datetime();

/** Something that was looked for after all was removed, and was not found. */
const observation = z.object({ what: z.string(), where: z.string(), found: z.literal(0) });

/** What was looked for, when and by which process. */
export const absenceSchema = z.object({
  observedAt: instant,
  /** Name of the machine. */
  observedBy: z.string(),
  observations: z.array(observation),
});

export type Absence = z.output<typeof absenceSchema>;

export const certificateType = 'tenantry.erasure-certificate';
const certificateVersion = 1;

/** What a certificate says. Nothing in it tells who the tenant was but its id. */
export const certificateSchema = z.object({
  type: z.literal(certificateType),
  version: z.literal(certificateVersion),
  id: z.string(),
  tenantId: z.string(),
  requested: z.object({
    at: instant,
    /** `iss` and `sub` of the token, or whose command line it was. */
    by: z.object({ issuer: z.string(), subject: z.string() }),
    requestId: z.string(),
  }),
  issuedAt: instant,
  removed: removedSchema,
  absence: absenceSchema,
  /** What stays, and why that is no personal data of the tenant's. */
  remains: z.array(z.string()),
  /** What this installation cannot reach, so that somebody has to see to it who can. */
  outOfReach: z.array(z.string()),
  signer: z.object({
    algorithm: z.literal('Ed25519'),
    /** The JWK thumbprint of the public key (RFC 7638). */
    keyId: z.string(),
    /** In PEM. Whose it is, the certificate cannot say by itself: compare it with one that you know. */
    publicKey: z.string(),
  }),
});

export type CertificateDocument = z.output<typeof certificateSchema>;

/** What every certificate says alike. */
export const commonStatements = {
  type: certificateType,
  version: certificateVersion,
  remains: [
    'The id of the tenant, so that it is never given to another one.',
    'The runs of its changes: their kinds, steps and times, without what was asked for or found out.',
    'The rows of its backups: keys, sizes, checksums and times of files that are gone.',
    'The audit log, which nobody can change: who of the operators did what to this id, and when; it never held a name of the tenant.',
    'This certificate.',
  ],
  outOfReach: [
    'Exports that were written outside the store of this installation, for those who asked for them.',
    'Former versions of removed objects, in a bucket that keeps versions.',
    'Physical backups, archived write-ahead log and standbys of the Postgres servers that are not this installation’s.',
    'Log lines, which name the tenant by its id, for as long as they are kept.',
  ],
} as const;

import { UnauthenticatedError } from '@tenantry/service';
import { z } from 'zod';
import { claimsReader, claimsSigner, type TokenKind } from './signed-claims.ts';
import { tenantIdSchema } from './tenant-id.ts';

/** In whose name a job runs, and what it may do there: one task, with one payload, as the one job that it was signed for. */
export interface JobContext {
  readonly tenantId: string;
  readonly task: string;
  /** As the queue calls the job. */
  readonly jobId: string;
  /** JSON. */
  readonly payload: unknown;
  /** Who had it queued, by which request and from where. */
  readonly requester: JobRequester;
}

export interface JobRequester {
  readonly issuer: string;
  readonly subject: string;
  readonly requestId: string;
  /** Address of the client, as far as it is known. */
  readonly origin: string | null;
}

export interface JobSigner {
  /** @param expiresAt when it is too late to begin */
  sign(context: JobContext, expiresAt: Date): string;
}

export interface JobVerifier {
  /** @throws {UnauthenticatedError} unless `token` was signed for this very job of this task, and it is not too late */
  verify(token: string | undefined, job: Pick<JobContext, 'task' | 'jobId'>): JobContext;
}

export interface JobSigningOptions {
  /** Shared by those who queue jobs and those who run them (`SUBGRAPH_SIGNING_KEY`), at least 32 bytes. */
  key: Buffer;
}

const kind: TokenKind = { name: 'tenant context of the job', type: 'tenantry-job+jwt', issuer: 'tenantry-jobs' };
const audience = 'jobs';

export function createJobSigner({ key }: JobSigningOptions): JobSigner {
  const signClaims = claimsSigner(key, kind);
  return {
    sign: (job, expiresAt) => signClaims({ job }, { audience, issuedAt: toSeconds(Date.now()), expiresAt: toSeconds(expiresAt.getTime()) }),
  };
}

export function createJobVerifier({ key }: JobSigningOptions): JobVerifier {
  const readClaims = claimsReader(key, kind, { audience, claims: claimsSchema });
  return {
    verify: (token, { task, jobId }) => {
      if (!token) throw new UnauthenticatedError('The job carries no tenant context.');
      const { job } = readClaims(token);
      if (job.task !== task) throw new UnauthenticatedError(`The tenant context is for the task ${job.task}, not for ${task}.`);
      if (job.jobId !== jobId) throw new UnauthenticatedError(`The tenant context is for the job ${job.jobId}, not for ${jobId}.`);
      return job;
    },
  };
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

const claimsSchema = z.strictObject({
  iss: z.literal(kind.issuer),
  aud: z.literal(audience),
  iat: z.number(),
  exp: z.number(),
  job: z.strictObject({
    tenantId: tenantIdSchema,
    task: z.string().min(1),
    jobId: z.string().min(1),
    payload: z.unknown(),
    requester: z.strictObject({
      issuer: z.string().min(1),
      subject: z.string().min(1),
      requestId: z.string().min(1),
      origin: z.string().nullable(),
    }),
  }),
});

import type { Actor } from '../tenant.ts';

/** Whom the audit log names for what a job does of itself. */
export function jobActor(jobId: string): Actor {
  return { issuer: 'tenantry', subject: 'jobs', requestId: `job-${jobId}` };
}

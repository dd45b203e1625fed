import { canonicalUuid } from '@tenantry/service';
import type { Request } from '../life/change-tenant.ts';
import type { BackupServices } from './services.ts';

/** Does `work`, which is on record as allowed; that it failed is on record, too. */
export async function recordingFailure<Result>(
  { id, action, actor }: Request,
  backup: string,
  { catalog, logger }: Pick<BackupServices, 'catalog' | 'logger'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await catalog
      .recordAudit({ ...actor, action, tenantId: canonicalUuid(id), outcome: 'FAILED', detail: { backup } })
      .catch((err: unknown) => logger.error({ err, backup, tenantId: id }, 'what failed with a backup could not be recorded'));
    throw error;
  }
}

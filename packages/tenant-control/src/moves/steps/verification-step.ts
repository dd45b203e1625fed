import { CopiesDifferError, MoveRefusedError } from '../../errors.ts';
import { compareByChecksums, compareByCounts } from '../copies/compare-copies.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';
import { countPrepared } from '../plan/database-facts.ts';
import { preparedReason } from '../plan/plan-move.ts';
import { assertSameSchema } from './database-step.ts';

/** Both copies hold the same, to the last row, and are defined equally, also if the tenant was migrated meanwhile. */
export const verificationStep: MoveStep = {
  name: 'verification',
  run: async (work) => {
    await assertNonePrepared(work);
    await Promise.all([assertSameSchema(work), compare(work)]);
  },
  undo: async () => {},
};

/** Nobody can prepare one any more. @throws {MoveRefusedError} */
async function assertNonePrepared(work: MoveWork): Promise<void> {
  const count = await work.within('source', countPrepared);
  if (count > 0) throw new MoveRefusedError(work.tenant.slug, work.target.name, preparedReason(count));
}

/** By checksums, where that takes a moment or was not done before; else they were the same before, and the numbers of rows still are. */
async function compare(work: MoveWork): Promise<void> {
  const { facts, saga, services, tenant } = work;
  const { onProgress } = work.longWork('verification');
  const copies = { source: await work.ownerUrl('source'), target: await work.ownerUrl('target'), onProgress, signal: saga.signal };
  if (facts.rehearsalMs !== undefined && facts.rehearsalMs > services.patience.checksumMs) {
    const faults = await compareByCounts(copies);
    if (faults.length > 0) throw new CopiesDifferError(tenant.slug, faults);
    return await work.remember({ verifiedBy: 'COUNTS' });
  }
  const { faults, rows, bytes } = await compareByChecksums(copies, work.copied);
  if (faults.length > 0) throw new CopiesDifferError(tenant.slug, faults);
  await work.remember({ verifiedBy: 'CHECKSUMS', rows, bytes });
}

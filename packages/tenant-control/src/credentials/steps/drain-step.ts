import { setTimeout as sleep } from 'node:timers/promises';
import { SagaLeftError } from '../../sagas/errors.ts';
import { countSessions } from '../../tenant-databases/sessions.ts';
import type { RotationStep } from '../rotation-context.ts';

const lookIntervalMs = 200;

/** Waits until nobody uses the old login, or until nobody may any more: whoever takes over waits no longer than that. */
export const drainStep: RotationStep = {
  name: 'drain',
  run: async ({ saga, services, input, cluster, middle }) => {
    if (input.atOnce) return;
    const { quietMs, graceMs } = services.patience;
    const closeAt = await rememberedDeadline(saga.data['closeAt'], graceMs, async (at) => await saga.remember({ closeAt: at }));
    await middle();
    const signal = AbortSignal.any([saga.signal, services.stopping]);
    let quietSince = Date.now();
    while (Date.now() < closeAt && Date.now() - quietSince < quietMs) {
      await sleep(Math.min(lookIntervalMs, quietMs), undefined, { signal }).catch((error: unknown) => {
        throw services.stopping.aborted ? new SagaLeftError(saga.id) : error;
      });
      if ((await countSessions(cluster.pool, input.oldLogin)) > 0) quietSince = Date.now();
    }
  },
  undo: async () => {},
};

/** In milliseconds since the epoch. */
async function rememberedDeadline(known: unknown, graceMs: number, remember: (at: number) => Promise<void>): Promise<number> {
  if (typeof known === 'number') return known;
  const at = Date.now() + graceMs;
  await remember(at);
  return at;
}

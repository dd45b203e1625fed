import type { MoveStep } from '../move-work.ts';

/** Everybody is told where the tenant is; who waited goes on. */
export const resumptionStep: MoveStep = {
  name: 'resumption',
  run: async (work) => {
    await work.announce();
    const { pausedAt, pauseMs } = work.facts;
    if (pausedAt !== undefined && pauseMs === undefined) await work.remember({ pauseMs: Date.now() - pausedAt });
  },
  undo: async () => {},
};

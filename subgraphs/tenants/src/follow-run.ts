import { NotFoundError } from '@tenantry/service';
import { runTopic, type SagaRun } from '@tenantry/tenant-control';
import type { ChangeFeed } from '@tenantry/tenant-pool';
import type { TenantsContext } from './context.ts';

/** Milliseconds after which a run is read again without word of a change: not every one is announced, and word may be lost. */
const rereadMs = 10_000;

/**
 * How a run stands now, and each time that it stands otherwise, until it has ended.
 *
 * @throws {NotFoundError}
 */
export async function followRun(id: string, context: TenantsContext): Promise<AsyncIterable<SagaRun>> {
  const { catalog, events, request } = context;
  const run = await catalog.findRun(id);
  if (!run) throw new NotFoundError('There is no change of several steps with this id.');
  const feed = await events.follow({ tenantId: run.tenantId, topic: runTopic }, request.signal);
  return standings(run.id, feed, context);
}

async function* standings(id: string, feed: ChangeFeed, { catalog, request }: TenantsContext): AsyncGenerator<SagaRun, void, undefined> {
  for (let told = ''; ; await awaitChange(id, feed, request.signal)) {
    const run = await catalog.findRun(id);
    if (!run) return;
    const standing = JSON.stringify(run);
    if (standing !== told) yield run;
    if (run.finishedAt) return;
    told = standing;
  }
}

async function awaitChange(id: string, feed: ChangeFeed, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(rereadMs);
  const waiting = AbortSignal.any([signal, late]);
  try {
    for (let changed: string | null = ''; changed !== null && changed !== id;) changed = await feed.next(waiting);
  } catch (error) {
    if (!late.aborted || signal.aborted) throw error;
  }
}

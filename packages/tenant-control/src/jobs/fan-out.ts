import type { Catalog } from '../catalog/catalog.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import type { TenantJobs } from './tenant-jobs.ts';
import type { TenantTask } from './tenant-task.ts';

/** Tenants whose jobs are queued at a time. */
const batch = 200;

/** Has a job queued for every tenant that a task is for, at the task's times. One that still waits from the last time is replaced. */
export function fanOut<Payload>(
  task: TenantTask<Payload>,
  { catalog, jobs }: { catalog: Pick<Catalog, 'listTenants'>; jobs: TenantJobs },
): ScheduledTask[] {
  const { schedule } = task;
  if (!schedule) return [];
  const { cron, payload } = schedule;
  const run: ScheduledTask['run'] = async ({ actor, signal }) => {
    let queued = 0;
    for (const status of task.statuses) {
      for (let after = null; !signal.aborted;) {
        const tenants = await catalog.listTenants({ limit: batch, after, filter: { status } });
        const requests = tenants.map(({ id: tenantId }) => ({ tenantId, payload, requester: actor, key: 'schedule' }));
        queued += (await jobs.enqueueAll(task, requests)).length;
        const last = tenants.at(-1);
        if (!last) break;
        after = last;
      }
    }
    signal.throwIfAborted();
    return { queued };
  };
  return [{ name: `${task.name}.schedule`, cron, catchesUp: true, run }];
}

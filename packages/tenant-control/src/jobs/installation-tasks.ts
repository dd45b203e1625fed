import type { Catalog } from '../catalog/catalog.ts';
import type { TenantControl } from '../tenant-control.ts';
import { backUpTask, scheduleBackups } from './back-up-task.ts';
import { fanOut } from './fan-out.ts';
import type { ScheduledTask } from './scheduled-task.ts';
import { housekeepingTasks, type HousekeepingPolicy } from './housekeeping-tasks.ts';
import type { TenantJobs } from './tenant-jobs.ts';
import type { TenantTask } from './tenant-task.ts';

export interface InstallationTasksOptions {
  readonly control: TenantControl;
  readonly catalog: Pick<Catalog, 'listTenants'>;
  readonly jobs: TenantJobs;
  readonly policy: HousekeepingPolicy;
  /** Those of the subgraphs. */
  readonly tasks: readonly TenantTask[];
}

/** All that the workers of an installation run: what keeps it in order, and what its subgraphs have to be done for single tenants. */
export function installationTasks({ control, catalog, jobs, policy, tasks }: InstallationTasksOptions): {
  scheduled: ScheduledTask[];
  tenantTasks: TenantTask[];
} {
  const fanned = tasks.flatMap((task) => fanOut(task, { catalog, jobs }));
  return {
    scheduled: [...housekeepingTasks(control, policy), scheduleBackups(control, jobs), ...fanned],
    tenantTasks: [backUpTask(control), ...tasks],
  };
}

import type { Progress } from '../../progress.ts';
import type { RunningGroup } from '../processes/running-group.ts';
import type { Site } from '../site.ts';
import type { Workload } from '../workloads/workload.ts';

/** A gateway that is measured. */
export interface GatewayContender {
  readonly name: string;
  /** What a reader of its figures needs to know of how it is set up. */
  readonly setUp: string;
  /** Sees to it that it can be started. Default: it always can. */
  readonly install?: (progress: Progress, signal: AbortSignal) => Promise<void>;
  /** Starts it in a process of its own; `url` is where operations go. The workload is what it will be asked. */
  readonly start: (site: Site, workload: Workload) => Promise<RunningGroup>;
}

import type { Progress } from '@tenantry/tenant-control';
import { formatBytes } from './bytes.ts';

const barWidth = 20;

/** How far work on a whole database has come: `████░░░░ 3 of 27 tables, 1204 rows, 1.2 MB`. */
export function formatProgress({ tables: { done, total }, rows, bytes }: Progress): string {
  const filled = total === 0 ? barWidth : Math.round((done / total) * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${bar} ${done} of ${total} tables, ${rows} rows, ${formatBytes(bytes)}`;
}

import type { Logger } from '@tenantry/service';
import { pino } from 'pino';

export interface RecordingLogger {
  readonly logger: Logger;
  /** What was logged, as it would be written. */
  readonly lines: Record<string, unknown>[];
}

/** @param level the least that is recorded */
export function recordingLogger(level: 'info' | 'warn' = 'warn'): RecordingLogger {
  const lines: Record<string, unknown>[] = [];
  return { lines, logger: pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line)) }) };
}

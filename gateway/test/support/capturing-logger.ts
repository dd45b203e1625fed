import type { Logger } from '@tenantry/service';
import { pino } from 'pino';
import { z } from 'zod';

const entrySchema = z.looseObject({ level: z.number(), msg: z.string() });

export interface CapturingLogger {
  readonly logger: Logger;
  /** What was logged so far, oldest first. */
  readonly entries: z.output<typeof entrySchema>[];
}

/** A real logger whose lines are kept. */
export function capturingLogger(): CapturingLogger {
  const entries: z.output<typeof entrySchema>[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void entries.push(entrySchema.parse(JSON.parse(line))) });
  return { logger, entries };
}

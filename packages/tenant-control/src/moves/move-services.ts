import type { Progress } from '../backups/long-work.ts';
import type { LifeServices } from '../life/services.ts';
import type { MovePatience } from './patience.ts';

/** How far a move has come. */
export interface MoveProgress {
  readonly step: string;
  /** Of the tables that are being copied or compared; null where that is not what is done. */
  readonly tables: Progress | null;
}

export interface MoveServices extends LifeServices {
  readonly patience: MovePatience;
  /** Aborted when this process leaves what takes long to another one. */
  readonly stopping: AbortSignal;
  readonly onProgress: (sagaId: string, progress: MoveProgress) => void;
}

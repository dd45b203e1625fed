import type { Progress } from '@tenantry/tenant-control';
import type { Session } from '../session.ts';
import type { Output } from '../terminal.ts';
import { formatProgress } from './bar.ts';
import { interruptible } from './interruption.ts';

export interface ProgressOptions {
  /** What is being done: "Purging acme". */
  readonly text: string;
  /** The id of the tenant whose steps are to be shown; null while it is not known. */
  readonly tenantId: () => Promise<string | null>;
}

const updateMs = 500;
const eraseLine = '\r\u001B[K';

/**
 * Does `work`, and says so on standard error for as long as it lasts, where a person may be watching: step by step, or with a bar once
 * `work` tells how far it has come.
 */
export async function withProgress<Result>(
  session: Session,
  options: ProgressOptions,
  work: (onProgress: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const { stderr } = session.terminal;
  let progress: Progress | undefined;
  const onProgress = (told: Progress) => void (progress = told);
  const doing = async () => await interruptible(stderr, async () => await work(onProgress));
  // Log lines would come in between.
  if (!stderr.isTTY || session.options.verbose) return await doing();
  const began = performance.now();
  let isOver = false;
  const update = async () => {
    const step = progress ? formatProgress(progress) : await currentStep(session, options);
    const seconds = Math.round((performance.now() - began) / 1000);
    if (!isOver) showLine(stderr, `${options.text}${step === null ? '' : `: ${step}`} (${seconds} s)`);
  };
  showLine(stderr, `${options.text} …`);
  // That the step is not known is no reason to fail.
  const clock = setInterval(() => void update().catch(() => {}), updateMs);
  try {
    return await doing();
  } finally {
    isOver = true;
    clearInterval(clock);
    stderr.write(eraseLine);
  }
}

/** Replaces the line that is there. */
function showLine(output: Output, text: string): void {
  output.write(`${eraseLine}${text.slice(0, (output.columns ?? text.length) - 1)}`);
}

async function currentStep(session: Session, { tenantId }: ProgressOptions): Promise<string | null> {
  const id = await tenantId();
  const [run] = id === null ? [] : await session.catalog().findLatestRuns([id], 1);
  return run?.steps.findLast(({ state }) => state === 'RUNNING')?.name ?? null;
}

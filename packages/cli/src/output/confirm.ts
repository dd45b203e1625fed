import { createInterface } from 'node:readline/promises';
import { NotConfirmedError } from '../errors.ts';
import type { Session } from '../session.ts';
import { printable } from './printable.ts';
import { paint } from '../terminal.ts';

export interface Confirmation {
  /** What is about to happen: "This purges acme for good." */
  readonly warning: string;
  /** What has to be typed. */
  readonly answer: string;
  /** What confirms it where there is nobody to type. Default `--yes`. */
  readonly flag?: string;
  /** Whether that was given. */
  readonly isGiven: boolean;
}

/**
 * Has a person type `answer` before something is destroyed.
 *
 * @throws {NotConfirmedError} when they type something else, or nobody is there to ask and the flag was not given
 */
export async function confirm(
  { terminal: { stdin, stderr, environment } }: Session,
  { warning, answer, flag = '--yes', isGiven }: Confirmation,
): Promise<void> {
  if (isGiven) return;
  if (!stdin.isTTY || !stderr.isTTY) throw new NotConfirmedError(`${warning} There is no terminal to confirm that on: add ${flag}.`);
  const asking = createInterface({ input: stdin, output: stderr });
  const closed = new AbortController();
  asking.once('close', () => closed.abort());
  try {
    stderr.write(`${paint('yellow', printable(warning), stderr, environment)}\n`);
    const typed = await asking.question(`Type ${answer} to go on: `, { signal: closed.signal });
    if (typed.trim() !== answer) throw new NotConfirmedError('That was not it: nothing was done.');
  } catch (error) {
    if (closed.signal.aborted) throw new NotConfirmedError('Not confirmed: nothing was done.', { cause: error });
    throw error;
  } finally {
    asking.close();
  }
}

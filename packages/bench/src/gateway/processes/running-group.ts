import type { RunningProcess } from './running-process.ts';

/** Processes that answer together, at one URL. What they take is what all of them take. */
export interface RunningGroup extends AsyncDisposable {
  readonly url: string;
  readonly processes: readonly RunningProcess[];
}

/** @param start uses, on the stack that it is given, whatever it starts: if it fails, that is ended */
export async function startGroup(
  start: (started: AsyncDisposableStack) => Promise<Pick<RunningGroup, 'url' | 'processes'>>,
): Promise<RunningGroup> {
  await using started = new AsyncDisposableStack();
  const { url, processes } = await start(started);
  const running = started.move();
  return { url, processes, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

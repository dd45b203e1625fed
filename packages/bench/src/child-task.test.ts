import { expect, test } from 'vitest';
import { ChildTaskError } from './errors.ts';
import { probe } from './testing/probe-task.ts';

test('a task runs in a process of its own and says how far it is', async () => {
  const reports: string[] = [];
  const { pid } = await probe.call('answers', { onReport: (text) => reports.push(text) });
  expect(pid).not.toBe(process.pid);
  expect(reports).toEqual(['it answers']);
});

test.each([
  ['fails', 'on purpose'],
  ['dies', 'SIGKILL'],
] as const)('a task that %s says so', async (behaviour, reason) => {
  const outcome = probe.call(behaviour);
  await expect(outcome).rejects.toThrow(ChildTaskError);
  await expect(outcome).rejects.toThrow(reason);
});

test('a task is ended by its signal', async () => {
  const stop = new AbortController();
  const outcome = probe.call('never ends', { signal: stop.signal, onReport: () => stop.abort(new Error('enough')) });
  await expect(outcome).rejects.toThrow('enough');
});

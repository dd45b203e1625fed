import { expect, test } from 'vitest';
import { mostPending, PendingChanges } from './change-feed.ts';

const ended = new AbortController();
ended.abort(new Error('enough'));

async function takeAll(feed: PendingChanges): Promise<(string | null)[]> {
  const taken: (string | null)[] = [];
  const waiting = new AbortController();
  for (;;) {
    const next = feed.next(waiting.signal);
    const timer = setImmediate(() => waiting.abort());
    try {
      taken.push(await next);
    } catch {
      return taken;
    } finally {
      clearImmediate(timer);
    }
  }
}

test('a thing that changes again before it is taken is taken once, in the order in which each came', async () => {
  const feed = new PendingChanges(() => {});
  for (const id of ['a', 'b', 'a', 'c', 'b']) feed.tell(id);
  expect(await takeAll(feed)).toEqual(['a', 'b', 'c']);
});

test('one that changes after it was taken is taken again', async () => {
  const feed = new PendingChanges(() => {});
  feed.tell('a');
  expect(await feed.next()).toBe('a');
  feed.tell('a');
  expect(await feed.next()).toBe('a');
});

test('when too many wait, anything may have changed, and what comes after counts again', async () => {
  const feed = new PendingChanges(() => {});
  for (let id = 0; id < mostPending; id++) feed.tell(String(id));
  expect(await feed.next()).toBe('0');
  for (let id = 0; id < mostPending; id++) feed.tell(`again ${id}`);
  feed.tell('late');
  const taken = await takeAll(feed);
  expect(taken[0]).toBeNull();
  expect(taken.at(-1)).toBe('late');
  expect(taken.length).toBeLessThanOrEqual(mostPending + 1);
});

test('messages that were lost are told before what came after', async () => {
  const feed = new PendingChanges(() => {});
  feed.tell('a');
  feed.tell(null);
  feed.tell('b');
  expect(await takeAll(feed)).toEqual([null, 'b']);
});

test('who waits hears what comes, and stops waiting when told to', async () => {
  const feed = new PendingChanges(() => {});
  const next = feed.next();
  feed.tell('a');
  expect(await next).toBe('a');
  const waiting = new AbortController();
  const abandoned = feed.next(waiting.signal);
  waiting.abort(new Error('no more'));
  await expect(abandoned).rejects.toThrow('no more');
  await expect(feed.next(ended.signal)).rejects.toThrow('enough');
});

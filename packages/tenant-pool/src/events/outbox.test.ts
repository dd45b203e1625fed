import { silentLogger } from '@tenantry/service';
import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';
import { everythingMessage } from './tenant-change.ts';

/** A way out that is shut for as long as the test says. */
class Way {
  readonly sent: string[][] = [];
  attempts = 0;
  isOpen = true;

  async send(messages: readonly string[]): Promise<void> {
    this.attempts++;
    await Promise.resolve();
    if (!this.isOpen) throw new Error('shut');
    this.sent.push([...messages]);
  }
}

function outboxTo(way: Way, mostWaiting?: number): Outbox {
  const send = async (messages: readonly string[]) => await way.send(messages);
  return new Outbox({ send, logger: silentLogger, ...(mostWaiting !== undefined && { mostWaiting }) });
}

test('what comes while others are sent goes together, each message once', async () => {
  const way = new Way();
  const outbox = outboxTo(way);
  for (const message of ['a', 'b', 'c', 'b']) outbox.add(message);
  await outbox[Symbol.asyncDispose]();
  expect(way.sent).toEqual([['a'], ['b', 'c']]);
});

test('what could not be sent is sent again', async () => {
  const way = new Way();
  way.isOpen = false;
  await using outbox = outboxTo(way);
  outbox.add('a');
  await expect.poll(() => way.attempts).toBeGreaterThan(1);
  outbox.add('b');
  way.isOpen = true;
  await expect.poll(() => way.sent.flat().toSorted()).toEqual(['a', 'b']);
});

test('when more wait than it holds, one message says that anything may have changed', async () => {
  const way = new Way();
  way.isOpen = false;
  await using outbox = outboxTo(way, 3);
  for (const message of ['a', 'b', 'c', 'd', 'e']) outbox.add(message);
  way.isOpen = true;
  await expect.poll(() => way.sent.flat()).toContain(everythingMessage);
});

test('disposing of it sends what waits, and gives up where that fails', async () => {
  const way = new Way();
  const open = outboxTo(way);
  open.add('a');
  await open[Symbol.asyncDispose]();
  expect(way.sent).toEqual([['a']]);
  way.isOpen = false;
  const shut = outboxTo(way);
  shut.add('b');
  await shut[Symbol.asyncDispose]();
  expect(way.sent).toEqual([['a']]);
});

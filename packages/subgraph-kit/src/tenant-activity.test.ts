import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { expect, it } from 'vitest';
import { TenantActivity } from './tenant-activity.ts';

function openActivity(options: { fails?: number; everyMs?: number } = {}) {
  const records: (readonly string[])[] = [];
  let failures = options.fails ?? 0;
  const recordActivity = async (tenantIds: readonly string[]) => {
    if (failures-- > 0) throw new Error('the catalog is down');
    records.push(tenantIds.toSorted());
  };
  return { records, activity: new TenantActivity({ catalog: { recordActivity }, logger: silentLogger, everyMs: options.everyMs }) };
}

it('is recorded for all tenants together, each once', async () => {
  const { records, activity } = openActivity();
  for (const tenantId of ['b', 'a', 'b', 'a']) activity.note(tenantId);
  await activity[Symbol.asyncDispose]();
  expect(records).toEqual([['a', 'b']]);
});

it('is recorded again for who is in use again, and not at all when nobody is', async () => {
  const { records, activity } = openActivity({ everyMs: 5 });
  activity.note('a');
  await expect.poll(() => records).toEqual([['a']]);
  activity.note('a');
  await expect.poll(() => records).toEqual([['a'], ['a']]);
  await sleep(30);
  await activity[Symbol.asyncDispose]();
  expect(records).toHaveLength(2);
});

it('is recorded when the end has come, whatever is being recorded then', async () => {
  const { promise: pause, resolve: goOn } = Promise.withResolvers<void>();
  const recorded: string[] = [];
  const recordActivity = async (tenantIds: readonly string[]) => {
    if (tenantIds.includes('a')) await pause;
    recorded.push(...tenantIds);
  };
  const activity = new TenantActivity({ catalog: { recordActivity }, logger: silentLogger, everyMs: 5 });
  activity.note('a');
  await sleep(20);
  activity.note('b');
  const ending = activity[Symbol.asyncDispose]();
  goOn();
  await ending;
  expect(recorded).toEqual(['a', 'b']);
});

it('is not lost when it could not be recorded', async () => {
  const { records, activity } = openActivity({ everyMs: 5, fails: 2 });
  activity.note('a');
  await expect.poll(() => records).toEqual([['a']]);
  await activity[Symbol.asyncDispose]();
});

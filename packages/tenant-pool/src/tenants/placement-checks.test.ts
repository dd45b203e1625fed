import { expect, test } from 'vitest';
import { recordingLogger } from '../testing/recording-logger.ts';
import { PlacementChecks } from './placement-checks.ts';

interface Entry {
  readonly tenantId: string;
  readonly phase: 'open' | 'closed';
}

const entries: readonly Entry[] = Array.from({ length: 20 }, (_, index) => ({ tenantId: `tenant ${index}`, phase: 'open' }));

/** Checks of a catalog that may be down, and what they came to. */
function openChecks() {
  const { logger, lines } = recordingLogger('info');
  const catalog = { isDown: false, asked: new Array<Entry>(), now: 0, most: 0 };
  const checks = new PlacementChecks<Entry>({
    check: async (entry) => {
      catalog.asked.push(entry);
      catalog.now += 1;
      catalog.most = Math.max(catalog.most, catalog.now);
      await new Promise((resolve) => setImmediate(resolve));
      catalog.now -= 1;
      if (catalog.isDown) throw new Error('the catalog is down');
    },
    logger,
  });
  return { checks, catalog, lines };
}

test('all entries in doubt are looked at, a few at a time', async () => {
  const { checks, catalog } = openChecks();
  checks.doubt(entries);
  await checks.settle();
  expect(new Set(catalog.asked)).toEqual(new Set(entries));
  expect(catalog.asked).toHaveLength(entries.length);
  expect(catalog.most).toBeLessThanOrEqual(4);
  await checks.settle();
  expect(catalog.asked).toHaveLength(entries.length);
});

test('an outage costs a few questions each time, of ever other entries, and two lines in the log', async () => {
  const { checks, catalog, lines } = openChecks();
  catalog.isDown = true;
  checks.doubt(entries);
  for (let times = 1; times <= 5; times += 1) {
    await checks.settle();
    expect(catalog.asked.length).toBeLessThanOrEqual(4 * times);
  }
  expect(new Set(catalog.asked)).toEqual(new Set(entries));
  catalog.isDown = false;
  catalog.asked = [];
  await checks.settle();
  expect(new Set(catalog.asked)).toEqual(new Set(entries));
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^could not read/), expect.stringMatching(/can be read again$/)]);
});

test('it is not asked twice at a time, however long it takes', async () => {
  const { checks, catalog } = openChecks();
  checks.doubt(entries);
  await Promise.all([checks.settle(), checks.settle()]);
  expect(catalog.most).toBeLessThanOrEqual(4);
});

test('an entry whose check fails is in doubt, unless it has closed', async () => {
  const { checks, catalog } = openChecks();
  catalog.isDown = true;
  const [open, closed]: [Entry, Entry] = [
    { tenantId: 'open', phase: 'open' },
    { tenantId: 'closed', phase: 'closed' },
  ];
  await Promise.all([checks.check(open), checks.check(closed)]);
  catalog.asked = [];
  await checks.settle();
  expect(catalog.asked).toEqual([open]);
});

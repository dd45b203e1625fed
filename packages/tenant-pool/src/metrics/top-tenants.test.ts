import { beforeEach, expect, test } from 'vitest';
import { TopTenants } from './top-tenants.ts';

const second = 1000;
const minute = 60 * second;

let now: number;
let top: TopTenants;

beforeEach(() => {
  now = 1;
  top = new TopTenants({ size: 3, now: () => now });
});

/** Traffic of each tenant, then a scrape. */
function scrapeAfter(traffic: Record<string, number>, afterMs = 15 * second): string[] {
  for (const [tenantId, count] of Object.entries(traffic)) for (let times = 0; times < count; times += 1) top.count(tenantId);
  now += afterMs;
  return top.reconsider();
}

function labelled(): string[] {
  return ['a', 'b', 'c', 'd', 'e', 'f'].filter((tenantId) => top.labelOf(tenantId) === tenantId);
}

test('the first tenants have labels at once; those beyond are others', () => {
  expect(['a', 'b', 'c', 'd', 'a'].map((tenantId) => top.count(tenantId))).toEqual(['a', 'b', 'c', 'other', 'a']);
  expect(['d', 'never seen'].map((tenantId) => top.labelOf(tenantId))).toEqual(['other', 'other']);
});

test('tenants with more traffic take the labels of those with the least', () => {
  scrapeAfter({ a: 100, b: 20, c: 10, d: 60, e: 50 });
  expect(labelled()).toEqual(['a', 'd', 'e']);
});

test('a tenant with about as much traffic takes no label, so that labels do not flap', () => {
  scrapeAfter({ a: 100, b: 100, c: 100, d: 149 });
  for (let scrape = 0; scrape < 20; scrape += 1) {
    scrapeAfter(scrape % 2 ? { a: 10, b: 10, c: 30, d: 12 } : { a: 10, b: 30, c: 10, d: 18 });
    expect(labelled()).toEqual(['a', 'b', 'c']);
  }
});

test('tenants with next to no traffic take no labels from each other', () => {
  scrapeAfter({ a: 1, b: 1, c: 1, d: 5 });
  expect(labelled()).toEqual(['a', 'b', 'c']);
});

test('what was long ago counts for less', () => {
  scrapeAfter({ a: 1000, b: 1000, c: 1000, d: 50 });
  expect(labelled()).toEqual(['a', 'b', 'c']);
  scrapeAfter({ a: 100, b: 100, d: 100 }, 60 * minute);
  scrapeAfter({ a: 100, b: 100, d: 100 });
  expect(labelled()).toEqual(['a', 'b', 'd']);
});

test('what was long ago counts for less with those that have no label, too', () => {
  scrapeAfter({ a: 100, b: 100, c: 100, d: 140 }, 60 * minute);
  scrapeAfter({ a: 100, b: 100, c: 100, d: 25 });
  expect(labelled()).toEqual(['a', 'b', 'c']);
});

test('a crowd of tenants with little traffic each takes no labels', () => {
  scrapeAfter({ a: 20, b: 20, c: 20 });
  const crowd = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`${index}`, 1]));
  for (let round = 0; round < 20; round += 1) scrapeAfter(crowd);
  expect(labelled()).toEqual(['a', 'b', 'c']);
});

test('labels change at most every 10 seconds, however often they are scraped', () => {
  scrapeAfter({ a: 1, b: 1, c: 1 });
  for (let scrape = 0; scrape < 9; scrape += 1) scrapeAfter({ d: 100 }, second);
  expect(labelled()).toEqual(['a', 'b', 'c']);
  scrapeAfter({}, second);
  expect(labelled()).toContain('d');
});

test('a label that was lost is given up two minutes later', () => {
  expect(scrapeAfter({ a: 50, b: 50, c: 1, d: 100 })).toEqual([]);
  expect(top.labelOf('c')).toBe('other');
  for (let scrape = 0; scrape < 7; scrape += 1) expect(scrapeAfter({})).toEqual([]);
  expect(scrapeAfter({})).toEqual(['c']);
  expect(scrapeAfter({})).toEqual([]);
});

test('a tenant that takes its label back meanwhile keeps it', () => {
  scrapeAfter({ a: 500, b: 50, c: 1, d: 100 });
  scrapeAfter({ c: 200 });
  expect(labelled()).toEqual(['a', 'c', 'd']);
  const gone = Array.from({ length: 20 }, () => scrapeAfter({})).flat();
  expect(gone).toEqual(['b']);
});

test('labels in use and those lost lately are twice the size at most, whatever the traffic', () => {
  const inUse = new Set<string>();
  let most = 0;
  for (let round = 0; round < 14; round += 1) {
    const newcomers = [0, 1, 2].map((index) => `${round} ${index}`);
    const gone = scrapeAfter(Object.fromEntries(newcomers.map((tenantId) => [tenantId, 20 * 1.7 ** round])));
    for (const tenantId of newcomers) if (top.labelOf(tenantId) === tenantId) inUse.add(tenantId);
    for (const tenantId of gone) inUse.delete(tenantId);
    most = Math.max(most, inUse.size);
  }
  expect(most).toBe(6);
});

test('nobody has a label where none is wanted', () => {
  top = new TopTenants({ size: 0, now: () => now });
  scrapeAfter({ a: 1000 });
  expect(labelled()).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { deadTenantRows, deadTenantVariants, type DeadTenantSample } from './dead-tenant-report.ts';

const options = { ours: 'ours', graceMs: 12_000 };

const sample: Omit<DeadTenantSample, 'variant' | 'p99'> = { name: 'ours', failed: 0, deadStuck: 0, deadMedianMs: 5, deadP95Ms: 9 };

/** Rounds of the p99 without dead tenants, without them again, and with them. */
function rowsOf(rounds: readonly (readonly [number, number, number])[], overrides: Partial<DeadTenantSample> = {}) {
  const samples = rounds.flatMap((p99s) =>
    p99s.map((p99, index) => Object.assign({ variant: deadTenantVariants[index] ?? 'healthy', p99 }, sample, overrides)),
  );
  return new Map(deadTenantRows(samples, options).map((row) => [row.figure, row]));
}

describe('the report on dead tenants', () => {
  test('judges the median ratio by the median noise, of whichever direction', () => {
    const rows = rowsOf([
      [10, 10, 14],
      [10, 60, 14],
      [10, 6, 14],
    ]);
    expect(rows.get('… with dead tenants')).toMatchObject({
      ratio: { value: 1.4 },
      target: { text: '≤ 1.67 (noise)', isMet: true },
    });
  });

  test('is not lenient because one run was slow', () => {
    const rows = rowsOf([
      [10, 10, 14],
      [10, 60, 14],
      [10, 11, 14],
    ]);
    expect(rows.get('… with dead tenants')?.target).toEqual({ text: '≤ 1.25 (noise)', isMet: false });
  });

  test('has no time until a failure where none came', () => {
    const rows = rowsOf([[10, 10, 10]], { deadMedianMs: null, deadP95Ms: null, deadStuck: 7 });
    expect(rows.get('a dead tenant’s request fails after, median')).toMatchObject({ value: null, note: 'none failed in time' });
    expect(rows.get('… p95')).toMatchObject({ value: null });
    expect(rows.get('… has no end within 12 s')).toMatchObject({ value: 7 });
  });
});

import { describe, expect, it } from 'vitest';
import { dateTimeScalar } from './scalars.ts';

describe('DateTime', () => {
  it('reads an instant with any offset, and writes it in UTC', () => {
    expect(dateTimeScalar.serialize(dateTimeScalar.parseValue('2026-03-01T10:30:00+01:00'))).toBe('2026-03-01T09:30:00.000Z');
  });

  it.each(['2026-03-01', '2026-03-01T10:30:00', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', 'yesterday', 1_772_357_400_000, null])(
    'refuses %j',
    (value) => {
      expect(() => dateTimeScalar.parseValue(value)).toThrow('A DateTime must be ISO 8601');
    },
  );

  it('does not write what is no date', () => {
    expect(() => dateTimeScalar.serialize(new Date(Number.NaN))).toThrow(TypeError);
    expect(() => dateTimeScalar.serialize('2026-03-01T09:30:00.000Z')).toThrow(TypeError);
  });
});

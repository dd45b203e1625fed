import { parseEnvironment } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { backupPolicyVariable } from './backup-policy.ts';

const parse = (value: string) => parseEnvironment({ BACKUP_POLICY: backupPolicyVariable }, { BACKUP_POLICY: value }).BACKUP_POLICY;

describe('BACKUP_POLICY', () => {
  test('is JSON by tier; a tier that is left out is as by default', () => {
    expect(parse('{"STANDARD":{"everyHours":null,"keepDays":7}}')).toEqual({
      STANDARD: { everyHours: null, keepDays: 7 },
      PREMIUM: { everyHours: 6, keepDays: 35 },
    });
  });

  test.each([
    ['daily', 'must be JSON such as {"STANDARD"'],
    ['{"GOLD":{"everyHours":1,"keepDays":1}}', 'GOLD'],
    ['{"STANDARD":{"everyHours":0,"keepDays":7}}', 'STANDARD.everyHours must be a whole number of hours from 1 to 8760, or null for none'],
    ['{"STANDARD":{"everyHours":24,"keepDays":1.5}}', 'STANDARD.keepDays must be a whole number of days from 1 to 3650'],
    ['{"STANDARD":{"everyHours":24}}', 'STANDARD.keepDays'],
    [
      '{"STANDARD":{"everyHours":24,"keepDays":7,"keepHours":7}}',
      'STANDARD must be an object with "everyHours" and "keepDays", and nothing else',
    ],
  ])('such as %s is refused, with what is wrong', (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });
});

import { BadInputError, UnauthenticatedError } from '@tenantry/service';
import { describe, expect, test } from 'vitest';
import { credentialsOfConnection } from './credentials.ts';

describe('the credentials of a connection', () => {
  test.each<[string, Record<string, unknown> | undefined, Record<string, string>, { authorization?: string; tenantId: string | null }]>([
    ['nothing', undefined, {}, { tenantId: null }],
    ['parameters', { authorization: 'Bearer a', 'x-tenant-id': 't' }, {}, { authorization: 'Bearer a', tenantId: 't' }],
    ['parameters in capitals', { Authorization: 'Bearer a', 'X-Tenant-Id': 't' }, {}, { authorization: 'Bearer a', tenantId: 't' }],
    ['parameters under headers', { headers: { Authorization: 'Bearer a' } }, {}, { authorization: 'Bearer a', tenantId: null }],
    ['headers', {}, { authorization: 'Bearer b', 'x-tenant-id': 't' }, { authorization: 'Bearer b', tenantId: 't' }],
    [
      'both: the parameters count',
      { authorization: 'Bearer a' },
      { authorization: 'Bearer b' },
      { authorization: 'Bearer a', tenantId: null },
    ],
    ['parameters that are not set', { authorization: null }, { authorization: 'Bearer b' }, { authorization: 'Bearer b', tenantId: null }],
    ['a name of every object', { __proto__: { authorization: 'Bearer c' } }, {}, { tenantId: null }],
  ])('come of %s', (_what, parameters, headers, expected) => {
    expect(credentialsOfConnection(parameters, headers)).toEqual({ authorization: undefined, ...expected });
  });

  test('are refused when they are no text', () => {
    expect(() => credentialsOfConnection({ authorization: {} }, {})).toThrow(UnauthenticatedError);
    expect(() => credentialsOfConnection({ 'x-tenant-id': 7 }, {})).toThrow(BadInputError);
  });
});

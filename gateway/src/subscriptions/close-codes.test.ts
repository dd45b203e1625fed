import { ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import { expect, test } from 'vitest';
import { closingFor } from './close-codes.ts';

test('a reason fits into a close frame, and is cut between characters', () => {
  const { code, reason } = closingFor(new UnauthenticatedError(`${'x'.repeat(105)}é€`));
  expect({ code, reason }).toEqual({ code: 4403, reason: `UNAUTHENTICATED: ${'x'.repeat(105)}` });
  expect(closingFor(new ForbiddenError('é'.repeat(100))).reason).toBe(`FORBIDDEN: ${'é'.repeat(56)}`);
});

test('a fault says nothing of itself', () => {
  expect(closingFor(new Error('cannot reach postgres://user:secret@db'))).toEqual({ code: 4500, reason: 'INTERNAL_SERVER_ERROR' });
});

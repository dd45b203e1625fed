import { expect, it } from 'vitest';
import { fitRequestId, requestIdHeader, requestIdOf } from './request-id.ts';

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

it.each(['r-1', 'c-1/12', 'trace:1.2_3+4=', 'x'.repeat(128)])('%s is fit to be the id of a request', (given) => {
  expect(fitRequestId(given)).toBe(given);
  expect(requestIdOf({ [requestIdHeader]: given })).toBe(given);
});

it.each([undefined, '', 'x'.repeat(129), 'two words', 'line\nbreak', '"quoted"', 'é', ['r-1', 'r-2'], 1])(
  '%j is not: the request gets an id of its own',
  (given) => {
    expect(fitRequestId(given)).toMatch(uuid);
    expect(fitRequestId(given)).not.toBe(fitRequestId(given));
  },
);

it('a header that is sent twice tells no id', () => {
  expect(requestIdOf({ [requestIdHeader]: ['r-1', 'r-2'] })).toMatch(uuid);
});

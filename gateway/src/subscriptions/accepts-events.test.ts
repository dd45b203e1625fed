import { expect, test } from 'vitest';
import { prefersEvents } from './accepts-events.ts';

test.each([
  [undefined, false],
  ['*/*', false],
  ['application/json', false],
  ['text/event-stream', true],
  ['Text/Event-Stream; charset=utf-8', true],
  ['text/event-stream, */*', true],
  ['text/event-stream, multipart/mixed', true],
  ['multipart/mixed, text/event-stream', true],
  // What urql sends with every query.
  ['application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed', false],
  ['application/json;q=0.5, text/event-stream', true],
  ['text/event-stream;q=0.5, application/json', false],
  ['text/event-stream;q=0', false],
  ['text/event-stream;q=much', false],
  ['text/event-streams', false],
])('whoever accepts %s prefers events: %s', (accept, isPreferred) => {
  expect(prefersEvents(accept)).toBe(isPreferred);
});

import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack } from './support/test-stack.ts';

let stack: TestStack;
beforeAll(async () => void (stack = await startTestStack()));
afterAll(async () => await stack[Symbol.asyncDispose]());

describe('GraphQL over HTTP specification', () => {
  for (const audit of serverAudits({ url: () => stack.url })) {
    test(audit.name, async () => {
      const result = await audit.fn();
      // SHOULD and MAY are advice; a MUST that fails is a fault.
      if (audit.name.startsWith('MUST')) expect(result).toMatchObject({ status: 'ok' });
      else expect(result.status).toMatch(/ok|notice|warn/);
    });
  }
});

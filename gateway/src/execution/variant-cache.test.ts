import { expect, test } from 'vitest';
import type { Variant } from './compile-variant.ts';
import { VariantCache } from './variant-cache.ts';

const megabyte = 1024 * 1024;

const compileNothing = (): Variant => ({
  execute: async () => ({}),
  executeToSend: async () => ({}),
  executeInParts: () => null,
  subscribe: async function* () {},
});

test('a variant is compiled once, and another operation has its own for the same values', () => {
  const variants = new VariantCache();
  const [one, other] = [variants.nextOperationId(), variants.nextOperationId()];
  const variant = variants.get(one, '01', 1, compileNothing);
  expect(variants.get(one, '01', 1, compileNothing)).toBe(variant);
  expect(variants.get(one, '10', 1, compileNothing)).not.toBe(variant);
  expect(variants.get(other, '01', 1, compileNothing)).not.toBe(variant);
});

test('all operations together keep no more than 64 MiB', () => {
  const variants = new VariantCache();
  const operations = Array.from({ length: 65 }, () => variants.nextOperationId());
  const first = operations.map((id) => variants.get(id, '', megabyte, compileNothing));
  const again = operations.toReversed().map((id) => variants.get(id, '', megabyte, compileNothing));
  expect(again.toReversed().map((variant, index) => variant === first[index])).toEqual([false, ...Array.from({ length: 64 }, () => true)]);
});

import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { FieldBudget } from './field-budget.ts';

it('gives as many as there are', () => {
  const budget = new FieldBudget(5);
  expect([budget.take(2), budget.take(0), budget.isSpent]).toEqual([true, true, false]);
  expect([budget.take(3), budget.isSpent]).toEqual([true, true]);
  expect(budget.take(1)).toBe(false);
});

it('is spent by who wants more than are left', () => {
  const budget = new FieldBudget(5);
  expect([budget.take(6), budget.isSpent, budget.take(1)]).toEqual([false, true, false]);
});

it.each(['{a}', '{a b c d e f g}', '{a{b{c{d{e{f{g}}}}}}}'])('of %s is enough for its fields', (text) => {
  expect(FieldBudget.of(parse(text)).take(text.match(/[a-z]/g)?.length ?? 0)).toBe(true);
});

it('of a document without its text is spent', () => {
  expect(FieldBudget.of(parse('{ a }', { noLocation: true })).isSpent).toBe(true);
});

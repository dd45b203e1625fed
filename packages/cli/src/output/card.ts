import { printable } from './printable.ts';

/** Facts of one thing, a line each, their values aligned. What is null is left out. */
export function formatCard(facts: Readonly<Record<string, string | null>>): string {
  const told = Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  const width = Math.max(...told.map(({ name }) => name.length));
  return told.map(({ name, value }) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}

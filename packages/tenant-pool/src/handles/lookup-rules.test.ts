import { describe, expect, test } from 'vitest';
import type { GeneratedClient } from './client-module.ts';
import { LookupRules } from './lookup-rules.ts';

class PrismaClientValidationError extends Error {
  override readonly name = 'PrismaClientValidationError';
}

const pair = { teamId: 't', userId: 'u' };

/** Rules over a client of a model `Member`, whose keys are `id` and a compound unique that its schema calls `pair`. */
function memberRules() {
  const asked: unknown[] = [];
  const findUnique = async (lookup: { where?: Record<string, unknown> }) => {
    asked.push(lookup);
    const { id, pair: compound } = lookup.where ?? {};
    if (typeof id !== 'string' && compound === undefined) throw new PrismaClientValidationError();
  };
  const client: GeneratedClient = {
    $extends: () => client,
    $transaction: async (work) => await work({ Member: { findUnique } }),
    $disconnect: async () => {},
  };
  return { asked, rules: new LookupRules(client, async (work) => await work()) };
}

describe('the rules of unique lookups', () => {
  test('are learned once for a shape, without what is selected', async () => {
    const { asked, rules } = memberRules();
    const [first, second] = [{ where: { id: 'a' }, select: { computed: true } }, { where: { id: 'b' } }];
    expect(rules.known('Member', first)).toBeUndefined();
    expect(await rules.learn('Member', first)).toEqual([]);
    expect(asked).toEqual([{ where: { id: 'a' } }]);
    expect(rules.known('Member', second)).toEqual([]);
    expect(rules.known('Team', second)).toBeUndefined();
  });

  test('tell a compound unique, whatever its name, from a filter', async () => {
    const { rules } = memberRules();
    expect(await rules.learn('Member', { where: { pair } })).toEqual(['pair']);
    expect(rules.known('Member', { where: { pair } })).toEqual(['pair']);
    expect(await rules.learn('Member', { where: { pair, team: { name: 'n' }, NOT: { id: 'a' } } })).toEqual(['pair']);
  });

  test('are not learned from what was refused', async () => {
    const { rules } = memberRules();
    const lookup = { where: { id: { not: 'a' } } };
    await expect(rules.learn('Member', lookup)).rejects.toThrow(PrismaClientValidationError);
    expect(rules.known('Member', lookup)).toBeUndefined();
  });

  test('are asked for each time where values may decide', async () => {
    const { asked, rules } = memberRules();
    const lookup = { where: { id: 'a', OR: [{ name: 'n' }] } };
    expect(await rules.learn('Member', lookup)).toEqual([]);
    expect(rules.known('Member', lookup)).toBeUndefined();
    expect(asked).toEqual([lookup]);
  });

  test('do not come from another failure', async () => {
    const down = new Error('the compiler does not load');
    let asked = 0;
    const failing: GeneratedClient = {
      $extends: () => failing,
      $transaction: async () => {
        asked += 1;
        if (asked > 1) throw down;
      },
      $disconnect: async () => {},
    };
    const rules = new LookupRules(failing, async (work) => await work());
    await expect(rules.learn('Member', { where: { pair } })).rejects.toBe(down);
    expect(rules.known('Member', { where: { pair } })).toBeUndefined();
  });
});

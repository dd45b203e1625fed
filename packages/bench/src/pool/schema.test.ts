import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../../..');
const benchSchema = readFileSync(join(root, 'packages/bench/prisma/schema.prisma'), 'utf8');
const tenantSchema = readFileSync(join(root, 'prisma/tenant/schema.prisma'), 'utf8');

/** The lines of each enum and model, comments left out, white space made one space. */
function blocksOf(schema: string): Map<string, string[]> {
  const blocks = schema.matchAll(/^(?:model|enum) (\w+) \{\n(.*?)^\}/gms);
  return new Map(
    blocks.map(([, name = '', body = '']) => {
      const lines = body.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
      return [name, lines.filter((line) => line !== '' && !line.startsWith('///'))];
    }),
  );
}

test('the benchmarks’ schema is a tenant’s, with more models around it', () => {
  const benchBlocks = blocksOf(benchSchema);
  const tenantBlocks = blocksOf(tenantSchema);
  expect(tenantBlocks.size).toBeGreaterThanOrEqual(7);
  for (const [name, lines] of tenantBlocks) expect(benchBlocks.get(name)).toEqual(expect.arrayContaining(lines));
  expect(benchSchema.match(/^model /gm)?.length).toBeGreaterThanOrEqual(20);
});

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a gateway that starts calls nobody: no telemetry, no usage reports, no cloud metadata', () => {
  const script = fileURLToPath(new URL('support/quiet-start.ts', import.meta.url));
  const { APOLLO_TELEMETRY_DISABLED: _, ...environment } = process.env;
  const env = { ...environment, APOLLO_KEY: 'service:graph:key', APOLLO_GRAPH_REF: 'graph@current', APOLLO_SCHEMA_REPORTING: 'true' };
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  expect({ stdout, stderr, status }).toEqual({ stdout: 'stopped\n', stderr: '', status: 0 });
});

import { openInstallation, operator, type Installation } from '@tenantry/tenant-control/testing';
import type { Environment } from '@tenantry/service';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { environmentOf } from '../testing/environment-of.ts';
import { runCommand } from '../testing/run-command.ts';

const serverUrl = inject('postgresUrl');
let installation: Installation;
let environment: Environment;
let tenantId: string;

beforeAll(async () => {
  installation = await openInstallation({ serverUrl });
  environment = environmentOf(installation, serverUrl);
  ({ id: tenantId } = await installation.control.provisionTenant({ slug: 'acme', name: 'Acme' }, { actor: operator }));
});
afterAll(async () => await installation?.[Symbol.asyncDispose]());

/** The lines that concern this installation; the tests' server has others. */
const ofAcme = (text: string) =>
  text
    .split('\n')
    .filter((line, index, lines) => line.includes('acme:') || lines[index - 1]?.includes('acme:'))
    .map((line) => line.trimEnd());

test('a tenant that is as it should be has nothing said of it', async () => {
  const { stdout, stderr, status } = await runCommand(['doctor'], { environment });
  expect([ofAcme(stdout), stderr.includes('to see to'), status]).toEqual([[], false, 0]);
});

test('an error is told with what to do about it, and by the exit status', async () => {
  await installation.query(`UPDATE tenants SET schema_version = '20200101000000_old', sealed_password = 'lost.c2VhbGVk'`);
  const { stdout, stderr, status } = await runCommand(['doctor'], { environment });
  expect(ofAcme(stdout)).toEqual([
    'error    acme: Its password cannot be opened: No key with the id "lost" in CREDENTIALS_KEY.',
    '         Add the key that sealed it to CREDENTIALS_KEY; or, to give it another: tenantry rotate acme',
    'warning  acme: Its schema is 20200101000000_old, not 20261122000000_init.',
    '         It is migrated as it wakes: tenantry tenants hibernate acme, then tenantry tenants wake acme',
  ]);
  expect(stderr).toContain('There is an error to see to.');
  expect(status).toBe(1);
});

test('scripts get a line of JSON for each', async () => {
  await installation.query(`UPDATE tenants SET schema_version = '20200101000000_old'`);
  const { stdout } = await runCommand(['doctor', '--json'], { environment });
  const findings = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(findings).toContainEqual({
    severity: 'warning',
    kind: 'schema-behind',
    cluster: 'standard',
    tenantId,
    message: expect.stringContaining('acme: Its schema is 20200101000000_old'),
    remedy: 'It is migrated as it wakes: tenantry tenants hibernate acme, then tenantry tenants wake acme',
    outcome: 'found',
    isFixable: false,
  });
});

import type { Command } from 'commander';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createProgram } from './program.ts';
import { Session } from './session.ts';
import { runCommand } from './testing/run-command.ts';

const nowhere = new Session({
  stdin: new PassThrough(),
  stdout: new Writable(),
  stderr: new Writable(),
  environment: {},
  workingDirectory: '/',
});

/** The words that call each command, with the command. */
function callsOf(command: Command, words: readonly string[] = []): { words: readonly string[]; command: Command }[] {
  return [{ words, command }, ...command.commands.flatMap((part) => callsOf(part, [...words, part.name()]))];
}

const calls = callsOf(createProgram(nowhere));

describe.each(calls)('tenantry $words --help', ({ words, command }) => {
  test('says what it does, on a terminal of 80 columns', async () => {
    const { status, stdout, stderr } = await runCommand([...words, '--help'], { columns: 80, environment: { NO_COLOR: '1' } });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(command.description());
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain('\u001B');
  });
});

describe.each(calls.filter(({ command }) => command.commands.length === 0))('tenantry $words --help', ({ words }) => {
  test('has examples that are command lines of its own', async () => {
    const { stdout } = await runCommand([...words, '--help']);
    const examples = stdout.slice(stdout.indexOf('Examples:')).match(/^ {2}tenantry .*/gm) ?? [];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(example).toMatch(new RegExp(String.raw`^ {2}tenantry ${words.join(' ')}\b`));
  });
});

test('the first page of help', async () => {
  const { stdout } = await runCommand(['--help']);
  expect(stdout).toMatchInlineSnapshot(`
    "Usage: tenantry [options] [command]

    Looks after the tenants of an installation of Tenantry.

    Options:
      --json                     write JSON: a document, or for lists a line each (NDJSON)
      --verbose                  say on standard error what happens, and of an error all that is known
      --data <folder>            take the development stack that runs from this folder (pnpm start --data)
      -h, --help                 display help for command

    Commands:
      tenants                    See, make and change tenants
      backup                     Back up tenants' databases, and use what was backed up
      export [options] <tenant>  Give out all of a tenant's data: a file of JSON lines for each model, and a manifest
      erase [options] <tenant>   Leave nothing of a tenant, at once, but a signed certificate of what was removed
      certificate                See and check the signed certificates of erasures
      rotate [options] <tenant>  Give a tenant's database a new password; no request fails of it
      reseal                     Seal every kept password by the first key of CREDENTIALS_KEY, so that the others can go
      audit [options]            Show who did what to which tenant, the newest first
      runs                       See how changes of several steps went: a provisioning, a rotation, a purge
      jobs                       See what workers have to do, and what has failed
      doctor [options]           Check the catalog against what is on the clusters
      worker [options]           Run jobs until it is stopped: backups, hibernation, purges, and those of the subgraphs
      token [options]            Sign a token that a gateway in development accepts

    Environment (the tenants subgraph's own; a file by NAME_FILE):
      CONTROL_DATABASE_URL  the catalog; enough to look at things
      TENANT_CLUSTERS       to change them: the clusters' administrators
      CREDENTIALS_KEY       to change them: the key of the tenants' passwords
      BACKUP_STORE          for backups and exports: where they are kept
      REDIS_URL             if the services use Redis
    Without these, it is the development stack that runs from .tenantry
    (npx pnpm start).

    Exit status:
       0  done
       1  failed
       2  the command line is wrong
      65  a value is not acceptable
      66  what is named does not exist
      69  the control database or a cluster does not answer
      73  what is asked for contradicts what is there
      75  not now: the same may succeed later
      77  not confirmed, or not allowed
      78  the configuration is missing or wrong
    "
  `);
});

test('dashes that a package manager hands on are no part of the line', async () => {
  expect((await runCommand(['--', 'tenants', '--help'])).stdout).toMatch(/^Usage: tenantry tenants /);
});

test('headings are bold on a terminal, and plain elsewhere', async () => {
  expect((await runCommand(['--help'], { columns: 80 })).stdout).toContain('\u001B[1mUsage:');
  expect((await runCommand(['--help'], { columns: 80, environment: { TERM: 'dumb' } })).stdout).not.toContain('\u001B');
  expect((await runCommand(['--help'])).stdout).not.toContain('\u001B');
});

test.each([
  [[], /^Usage: tenantry /],
  [['tenants'], /^Usage: tenantry tenants /],
  [['tenant'], /unknown command 'tenant'.*Did you mean tenants\?.*See: tenantry --help/s],
  [['tenants', 'show'], /missing required argument 'tenant'.*See: tenantry tenants show --help/s],
  [['tenants', 'list', '--colour'], /unknown option '--colour'/],
  [['tenants', 'list', '--limit', '0'], /It must be a number from 1 on, or "all"\./],
  [['tenants', 'list', '--status', 'asleep'], /It must be one of provisioning, active,/],
  [['tenants', 'provision', 'acme'], /required option '--name <name>' not specified/],
  [['tenants', 'rename', 'acme'], /say what to change: --slug, --name, or both/],
  [['tenants', 'tier', 'acme', 'gold'], /It must be one of standard, premium\./],
  [['tenants', 'delete', 'acme', '--grace-days', '-1'], /It must be a whole number of days\./],
  [['audit', '--from', 'yesterday'], /It must be a time such as 2026-11-23,/],
  [['token', '--hours', 'many'], /It must be a number of hours up to/],
])('the command line %j is refused with 2', async (args, message) => {
  const { status, stdout, stderr } = await runCommand(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
});

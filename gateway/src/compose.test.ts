import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'compose-'));
afterAll(() => rmSync(directory, { recursive: true }));
const testSubgraphs = fileURLToPath(new URL('../test/subgraphs', import.meta.url));

function compose(args: readonly string[], env: Record<string, string> = {}) {
  const script = fileURLToPath(new URL('compose.ts', import.meta.url));
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

describe('the compose script', () => {
  test('prints the supergraph of every subgraph it finds, with the URLs of the environment', () => {
    const { stdout, stderr, status } = compose(['--subgraphs', testSubgraphs], { SUBGRAPH_PEOPLE_URL: 'https://people.example/graphql' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('@join__graph(name: "people", url: "https://people.example/graphql")');
    expect(stdout).toContain('@join__graph(name: "library", url: "http://library/graphql")');
    expect(stdout).toContain('https://specs.apollo.dev/requiresScopes');
  });

  test('writes to a file', () => {
    const output = join(directory, 'supergraph.graphql');
    expect(compose(['--subgraphs', testSubgraphs, '--output', output])).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(output, 'utf8')).toContain('enum join__Graph');
  });

  test('fails with the place of the fault, and prints no supergraph', () => {
    mkdirSync(join(directory, 'broken'));
    const schemaPath = join(directory, 'broken/schema.graphql');
    writeFileSync(schemaPath, 'type Query {\n  a: Missing\n}\n');
    const { stdout, stderr, status } = compose(['--subgraphs', directory]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toBe(`The subgraphs do not compose:\n  ${schemaPath}:2:6: [INVALID_GRAPHQL] Unknown type Missing\n`);
  });

  test.each([
    [['--help'], 0, 'Composes the subgraphs into a supergraph'],
    [['--nope'], 1, "Unknown option '--nope'"],
    [['--subgraphs', '/nowhere'], 1, '/nowhere holds no folder with a schema.graphql.'],
  ])('answers %j', (args, status, text) => {
    const result = compose(args);
    expect(result.status).toBe(status);
    expect(result.stdout + result.stderr).toContain(text);
  });
});

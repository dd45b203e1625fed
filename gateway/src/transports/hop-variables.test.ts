import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type Environment } from '@tenantry/service';
import { expect, test } from 'vitest';
import { hopSettingsOf, readHopConfig } from './hop-variables.ts';

function problemsOf(environment: Environment): readonly string[] {
  try {
    readHopConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('nothing is said where nothing is set', () => {
  expect(readHopConfig({ SUBGRAPH_USERS_URL: 'http://users', SUBGRAPH_TIMEOUT_MS: ' ' })).toEqual({});
});

test("a subgraph's own settings go before those of all", () => {
  const config = readHopConfig({
    SUBGRAPH_TIMEOUT_MS: '5000',
    SUBGRAPH_HTTP2: 'on',
    SUBGRAPH_AUDIT_LOG_TIMEOUT_MS: '30000',
    SUBGRAPH_AUDIT_LOG_COMPRESSION: 'on',
    SUBGRAPH_LOG_HTTP2: 'off',
    SUBGRAPH_DEDUPLICATION: 'off',
  });
  expect(config.sharesQueries).toBe(false);
  expect(hopSettingsOf(config, 'users')).toEqual({ timeoutMs: 5000, http2: true });
  expect(hopSettingsOf(config, 'audit-log')).toEqual({ timeoutMs: 30_000, http2: true, compression: true });
  expect(hopSettingsOf(config, 'log')).toEqual({ timeoutMs: 5000, http2: false });
});

test('a setting may come from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hop-'));
  try {
    const file = join(folder, 'timeout');
    writeFileSync(file, '700\n');
    expect(hopSettingsOf(readHopConfig({ SUBGRAPH_USERS_TIMEOUT_MS_FILE: file }), 'users')).toEqual({ timeoutMs: 700 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('everything that is malformed is named at once', () => {
  const environment = {
    SUBGRAPH_TIMEOUT_MS: '0',
    SUBGRAPH_USERS_TIMEOUT_MS: '1.5',
    SUBGRAPH_USERS_HTTP2: 'yes',
    SUBGRAPH_A_COMPRESSION: '1',
    SUBGRAPH_A_TIMEOUT_MS: '600001',
    SUBGRAPH_DEDUPLICATION: 'true',
  };
  const problems = problemsOf(environment);
  expect(new Set(problems.map((problem) => problem.split(':')[0]))).toEqual(new Set(Object.keys(environment)));
  expect(problems.join()).toContain('SUBGRAPH_USERS_HTTP2: must be "on" or "off"');
  expect(problems.join()).toContain('SUBGRAPH_TIMEOUT_MS: must be a whole number of milliseconds from 1 to 600000');
});

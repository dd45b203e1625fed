import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { readWorkerConfig } from './worker-config.ts';

const key = randomBytes(32).toString('base64');
const required = {
  CONTROL_DATABASE_URL: 'postgres://control@db.example/control',
  TENANT_CLUSTERS: '{"standard": "postgres://admin:secret@db.example/postgres"}',
  SUBGRAPH_SIGNING_KEY: key,
  CREDENTIALS_KEY: `k1:${key}`,
};

it('puts nobody to sleep, confirms moves after a week, runs four jobs at a time, and all at their own times, without more', () => {
  expect(readWorkerConfig(required)).toMatchObject({
    port: 4003,
    clusters: [{ name: 'standard' }],
    jobs: { concurrency: 4, schedules: {}, hibernation: null, confirmMovesAfterDays: 7 },
  });
});

it('reads what is given', () => {
  const environment = {
    ...required,
    WORKER_CONCURRENCY: '16',
    JOB_SCHEDULES: '{"purge-due": "0 3 * * *", "sample-usage": null}',
    HIBERNATE_AFTER_DAYS: '30',
    HIBERNATE_KEEP: 'dropped',
    CONFIRM_MOVES_AFTER_DAYS: '14',
    BACKUP_STORE: 's3://backups',
  };
  expect(readWorkerConfig(environment).jobs).toEqual({
    concurrency: 16,
    schedules: { 'purge-due': '0 3 * * *', 'sample-usage': null },
    hibernation: { idleDays: 30, keep: 'dropped' },
    confirmMovesAfterDays: 14,
  });
});

it.each([
  [{ TENANT_CLUSTERS: '' }, 'TENANT_CLUSTERS is missing'],
  [{ WORKER_CONCURRENCY: '0' }, 'WORKER_CONCURRENCY: must be a whole number from 1 to 64'],
  [{ HIBERNATE_AFTER_DAYS: '0.5' }, 'HIBERNATE_AFTER_DAYS: must be a whole number of days from 1 to 3650'],
  [{ CONFIRM_MOVES_AFTER_DAYS: '0' }, 'CONFIRM_MOVES_AFTER_DAYS: must be a whole number of days from 1 to 3650'],
  [{ HIBERNATE_AFTER_DAYS: '30', HIBERNATE_KEEP: 'dropped' }, 'set BACKUP_STORE, too'],
  [{ HIBERNATE_KEEP: 'all' }, 'HIBERNATE_KEEP: must be "closed" or "dropped"'],
  [{ JOB_SCHEDULES: 'never' }, 'JOB_SCHEDULES: must be JSON such as {"sample-usage": "*/30 * * * *"'],
  [{ JOB_SCHEDULES: '{"purge-due": "hourly"}' }, 'purge-due must be a schedule as cron has it'],
  [{ JOB_SCHEDULES: '{"purge-due": 5}' }, 'purge-due must be a schedule as cron has it, or null for never'],
])('refuses %j', (change, message) => {
  expect(() => readWorkerConfig({ ...required, ...change })).toThrow(message);
});

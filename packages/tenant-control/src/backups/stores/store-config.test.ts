import { ConfigError, parseEnvironment } from '@tenantry/service';
import { expect, test } from 'vitest';
import { backupStoreVariable } from './store-config.ts';

const parse = (value: string) => parseEnvironment({ BACKUP_STORE: backupStoreVariable }, { BACKUP_STORE: value }).BACKUP_STORE;

test.each([
  ['file:///var/backups', { kind: 'folder', path: '/var/backups' }],
  ['file:///var/my%20backups/', { kind: 'folder', path: '/var/my backups/' }],
  ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '', endpoint: null, region: null }],
  ['s3://my.bucket-1/', { kind: 's3', bucket: 'my.bucket-1', prefix: '', endpoint: null, region: null }],
  ['s3://bucket/a/b?region=eu-central-1', { kind: 's3', bucket: 'bucket', prefix: 'a/b/', endpoint: null, region: 'eu-central-1' }],
  [
    's3://bucket/a/?endpoint=http://minio:9000&region=us-east-1',
    { kind: 's3', bucket: 'bucket', prefix: 'a/', endpoint: 'http://minio:9000', region: 'us-east-1' },
  ],
])('%s is taken', (value, expected) => {
  expect(parse(value)).toEqual(expected);
});

test.each([
  ['a path', '/var/hush', 'it is no URL'],
  ['another protocol', 'https://hush/bucket', 'neither file:// nor s3://'],
  ['a folder with two slashes', 'file://hush/backups', 'three slashes'],
  ['a folder with parameters', 'file:///hush?a=b', 'no parameters'],
  ['credentials', 's3://key:hush@bucket', 'credentials do not belong there'],
  ['no bucket', 's3:///hush', 'not the name of a bucket'],
  ['a bucket with a port', 's3://hush:80/', 'not the name of a bucket'],
  ['a bucket with capitals', 's3://HUSH/', 'not the name of a bucket'],
  ['a prefix that is none', 's3://bucket/hu%20sh', 'its path'],
  ['a prefix that leads up', 's3://bucket/a/..hush', 'its path'],
  ['another parameter', 's3://bucket/?hush=1', 'endpoint and region only'],
  ['an endpoint that is none', 's3://bucket/?endpoint=hush:9000', 'its endpoint'],
  ['an endpoint with credentials', 's3://bucket/?endpoint=https://key:hush@host', 'its endpoint'],
])('%s is refused, and not repeated', (_what, value, reason) => {
  const error = (() => {
    try {
      return parse(value);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain('BACKUP_STORE: must be a URL such as file:///var/backups');
  expect(String(error)).toContain(reason);
  expect(String(error)).not.toMatch(/hush/i);
});

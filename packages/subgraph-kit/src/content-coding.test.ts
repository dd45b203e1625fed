import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { compress, preferredCoding } from './content-coding.ts';

it.each([
  ['zstd, br;q=0.9, gzip;q=0.8', 'zstd'],
  ['br', 'br'],
  ['gzip, br', 'gzip'],
  ['GZIP ; Q=0.5', 'gzip'],
  ['*', 'zstd'],
  ['zstd;q=0, *', 'gzip'],
  ['zstd;q=0.000, br;q=1', 'br'],
  ['identity', null],
  ['', null],
  ['deflate, compress', null],
  ['gzip;q=nonsense', null],
])('%j is answered with %s', (accepted, coding) => {
  expect(preferredCoding(accepted)).toBe(coding);
});

it.each([
  ['zstd', zstdDecompressSync],
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
] as const)('%s gives back what was compressed, and makes it shorter', async (coding, decompress) => {
  const body = Buffer.from(JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id, name: `Person ${id}` }))));
  const compressed = await compress(body, coding);
  expect(compressed.length).toBeLessThan(body.length / 3);
  expect(decompress(compressed).equals(body)).toBe(true);
});

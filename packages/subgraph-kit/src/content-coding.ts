import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';

type Coding = 'zstd' | 'br' | 'gzip';

type Compress = (body: Buffer) => Promise<Buffer>;

const [zstd, brotli, zip] = [promisify(zstdCompress), promisify(brotliCompress), promisify(gzip)];

/** The best for the processor first. */
const preference: readonly Coding[] = ['zstd', 'gzip', 'br'];

/**
 * Each at a level that costs little: the bytes travel within one data centre.
 * Off the main thread.
 */
const codings: Readonly<Record<Coding, Compress>> = {
  zstd: async (body) => await zstd(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  gzip: async (body) => await zip(body, { level: 1 }),
  br: async (body) => await brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};

export async function compress(body: Buffer, coding: Coding): Promise<Buffer> {
  return await codings[coding](body);
}

/**
 * The first of ours that an `Accept-Encoding` takes (RFC 9110 §12.5.3); which of them it would rather have, we do not weigh.
 *
 * @returns null where it takes none
 */
export function preferredCoding(acceptEncoding: string): Coding | null {
  const weights = new Map(acceptEncoding.split(',').map(weightOf));
  const isAccepted = (coding: Coding) => (weights.get(coding) ?? weights.get('*') ?? 0) > 0;
  return preference.find(isAccepted) ?? null;
}

function weightOf(entry: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  return [coding, weight === undefined ? 1 : Number(weight.slice(2))];
}

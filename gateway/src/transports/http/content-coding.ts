import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, zstdDecompress } from 'node:zlib';
import { AnswerTooLargeError, SubgraphFetchError } from '../../errors.ts';

/** What an answer may be compressed by, in order of preference (RFC 9110 §12.5.3). */
export const acceptedCodings = 'zstd, br;q=0.9, gzip;q=0.8';

/** Logarithm of the bytes of the largest window that a sender may ask us to hold: 8 MiB (RFC 9659 §3). */
const zstdWindowLog = 23;

type Decode = (body: Buffer, maxOutputLength: number) => Promise<Buffer>;

const unzip = promisify(gunzip);
const unbrotli = promisify(brotliDecompress);
const unzstd = promisify(zstdDecompress);

const decodeGzip: Decode = async (body, maxOutputLength) => await unzip(body, { maxOutputLength });

const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', decodeGzip],
  ['x-gzip', decodeGzip],
  ['br', async (body, maxOutputLength) => await unbrotli(body, { maxOutputLength })],
  [
    'zstd',
    async (body, maxOutputLength) => await unzstd(body, { maxOutputLength, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } }),
  ],
]);

/**
 * Undoes the compression of an answer, off the main thread. What it would grow to beyond `maxBytes` is never made.
 *
 * @param coding the answer's `content-encoding`
 * @throws {AnswerTooLargeError} {SubgraphFetchError}
 */
export async function decodeBody(body: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  const decode = decoders.get(coding.trim().toLowerCase());
  if (!decode) throw new SubgraphFetchError(`The answer is compressed by ${JSON.stringify(coding)}, which was not asked for.`);
  try {
    return await decode(body, maxBytes);
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge
      ? new AnswerTooLargeError(maxBytes, { cause })
      : new SubgraphFetchError(`The answer is not valid ${coding}.`, { cause });
  }
}

import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** What a table's data, in the text format of COPY or as NDJSON, comes to. */
export interface Measured {
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

export interface MeterOptions {
  /** Told what each piece adds. */
  readonly onData?: ((bytes: number, rows: number) => void) | undefined;
  /** More than this is an error: a file that was tampered with may unfold to any size. Default: any. */
  readonly mostBytes?: number | undefined;
}

export interface Meter {
  /** Lets everything through as it is. */
  readonly stream: Transform;
  /** Once, after all went through. */
  measured(): Measured;
}

const newline = 0x0a;

/** Both formats end each row with a newline, and have none within a row. */
export function createMeter({ onData = () => {}, mostBytes = Infinity }: MeterOptions = {}): Meter {
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const newlines = countNewlines(chunk);
      rows += newlines;
      bytes += chunk.length;
      if (bytes > mostBytes) return done(new Error(`There is more than the ${mostBytes} bytes that there should be.`));
      hash.update(chunk);
      onData(chunk.length, newlines);
      return done(null, chunk);
    },
  });
  return { stream, measured: () => ({ rows, bytes, sha256: hash.digest('hex') }) };
}

function countNewlines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count += 1;
  return count;
}

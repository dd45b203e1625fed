import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { describeError } from './describe-error.ts';

export type { Logger };

export interface LoggerOptions {
  /** Name of the service, on every line. */
  service: string;
  /** Default `info`. */
  level?: string;
  /** One readable line an entry instead of JSON. Default false. */
  pretty?: boolean;
  /** Where the lines go. Default `stdout`. */
  output?: 'stdout' | 'stderr';
}

/** Values that must never reach a log: under such a key of what is logged, or of an object up to two levels within it. */
const secretPaths = ['authorization', 'password', 'token', 'connectionString'].flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

export function createLogger({ service, level = 'info', pretty = false, output = 'stdout' }: LoggerOptions): Logger {
  const destination = output === 'stdout' ? 1 : 2;
  const options = { name: service, level, serializers: { err: describeError }, redact: { paths: secretPaths, censor: '[redacted]' } };
  return pretty
    ? pino(options, PinoPretty({ destination, colorize: process[output].isTTY, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }))
    : pino(options, pino.destination(destination));
}

/** A logger that writes nothing, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });

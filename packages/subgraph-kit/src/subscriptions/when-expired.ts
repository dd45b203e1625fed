import { UnauthenticatedError } from '@tenantry/service';

/** What a timer of Node takes at most: some 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Has `onExpired` called when a token expires, unless the result is disposed of before.
 *
 * @param expiresAt seconds since 1970
 * @throws {UnauthenticatedError} when it has expired
 */
export function whenExpired(expiresAt: number, onExpired: (error: UnauthenticatedError) => void): Disposable {
  const remaining = () => expiresAt * 1000 - Date.now();
  if (remaining() <= 0) throw new UnauthenticatedError('The token has expired: subscribe with a fresh one.');
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(look, Math.min(remaining(), longestTimerMs)).unref();
  };
  const look = () => {
    if (remaining() > 0) wait();
    else onExpired(new UnauthenticatedError('The token has expired: subscribe again with a fresh one.'));
  };
  wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

import { TenantryError } from '@tenantry/service';
import { CloseCode } from 'graphql-ws';

/** Codes of RFC 6455 §7.4.1 and its registry, at which clients connect again by themselves. */
const goingAway = 1001;
const serviceRestart = 1012;
const tryAgainLater = 1013;

/** Bytes of a reason, at most (RFC 6455 §5.5). */
const longestReason = 123;

/** Why a WebSocket is closed by us. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export const serverStops: Closing = { code: goingAway, reason: 'The server is stopping.' };
export const subscribeAgain: Closing = { code: serviceRestart, reason: 'Subscribe again.' };
export const tooSlow: Closing = { code: tryAgainLater, reason: 'The client reads too slowly.' };
export const internalError: Closing = { code: CloseCode.InternalServerError, reason: 'INTERNAL_SERVER_ERROR' };

/**
 * How a connection ends over who its client is. `4403`, at which clients connect again and bring a fresh token, where one could help;
 * `4401` has them give up, as it means that the protocol was broken.
 */
export function closingFor(error: unknown): Closing {
  if (!(error instanceof TenantryError)) return internalError;
  const reason = shorten(`${error.code}: ${error.message}`);
  if (error.code === 'INTERNAL_SERVER_ERROR' || error.code === 'RATE_LIMITED') return { code: tryAgainLater, reason };
  return { code: error.code === 'BAD_USER_INPUT' ? CloseCode.BadRequest : CloseCode.Forbidden, reason };
}

/** Never in the middle of a character. */
function shorten(text: string): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, longestReason), { stream: true });
}

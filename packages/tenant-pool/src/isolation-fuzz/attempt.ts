import type { TenantDb } from '../lease.ts';
import type { Exchange } from './exchange.ts';

/** One operation to be tried, as one tenant. */
export interface Attempt {
  readonly db: TenantDb;
  /** Part of every text in the tenant's database, and in no other. */
  readonly mark: string;
  /** One of the users that every tenant has under the same id. */
  readonly userId: string;
  /** A UUID not used before that is the tenant's. */
  readonly freshId: () => string;
  /** A text not used before that bears the mark; it may be an e-mail address. */
  readonly freshText: () => string;
  readonly exchange: Exchange;
  /** Returns the lease before its time. */
  readonly returnLease: () => Promise<void>;
  /** Has what a promise gives judged when the operation is over already. */
  readonly later: (texts: Promise<Texts>) => void;
}

/** What was read: each must bear the mark. */
export type Texts = readonly (string | null | undefined)[];

export type FuzzOperation = (attempt: Attempt) => Promise<Texts>;

/** `mark` if `condition` holds: for operations that read no text. */
export function markIf(condition: boolean, { mark }: Attempt): string {
  return condition ? mark : 'not what was expected';
}

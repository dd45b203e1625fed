import { BadInputError } from '@tenantry/service';
import { RevocationsFullError } from './errors.ts';
import type { CheckedToken } from './token-check.ts';
import { tenantIdSchema } from './tenant-id.ts';

/** Says whose tokens are good no longer: those that fit every field of it, at least one of the first four. */
export interface Revocation {
  readonly issuer?: string;
  readonly subject?: string;
  /** The tenant that the tokens speak for. */
  readonly tenantId?: string;
  /** `jti` of one token. */
  readonly tokenId?: string;
  /** Tokens issued later are good. Default: now; with a `tokenId`, {@link Revocation.until}. */
  readonly issuedBefore?: Date;
  /** When it may be forgotten, because every token that it means has expired. Default: 30 days from now. */
  readonly until?: Date;
}

/** With nothing left to defaults, so that it means the same in every process that it is told to. */
export type CompleteRevocation = Revocation & Required<Pick<Revocation, 'issuedBefore' | 'until'>>;

export type RevocableToken = Pick<CheckedToken, 'principal' | 'tokenId' | 'issuedAt'>;

const defaultMemoryMs = 30 * 24 * 60 * 60 * 1000;

/** Each is compared with every token that is checked for the first time, so that there cannot be any number. */
const mostRevocations = 10_000;

/** The revocations in force, in memory. */
export class Revocations {
  readonly #byTarget = new Map<string, CompleteRevocation>();

  /**
   * Takes effect at once. The same again changes nothing; of two with the same target the later dates count.
   *
   * @throws {BadInputError} when it names nobody, a tenant by what is no id, or no valid date
   * @throws {RevocationsFullError}
   */
  add(revocation: Revocation): CompleteRevocation {
    const completed = complete(revocation);
    const target = targetOf(completed);
    const held = this.#byTarget.get(target);
    const effective = held ? later(held, completed) : completed;
    if (!held && this.inForce().length >= mostRevocations) throw new RevocationsFullError(mostRevocations);
    this.#byTarget.set(target, effective);
    return effective;
  }

  /** Those that are not to be forgotten yet: what a process that starts has to be told. */
  inForce(): readonly CompleteRevocation[] {
    const now = Date.now();
    for (const [target, { until }] of this.#byTarget) if (until.getTime() <= now) this.#byTarget.delete(target);
    return [...this.#byTarget.values()];
  }

  cover(token: RevocableToken): boolean {
    return this.#byTarget.size > 0 && this.inForce().some((revocation) => covers(revocation, token));
  }
}

export function covers(revocation: CompleteRevocation, { principal, tokenId, issuedAt }: RevocableToken): boolean {
  const { issuer, subject, tenantId } = principal;
  const actual = { issuer, subject, tenantId, tokenId };
  if (!targetFields.every((field) => revocation[field] === undefined || revocation[field] === actual[field])) return false;
  // `iat` is in whole seconds: a token of the very second of the revocation may be older than it.
  return issuedAt === null || issuedAt * 1000 <= revocation.issuedBefore.getTime();
}

const targetFields = ['issuer', 'subject', 'tenantId', 'tokenId'] as const;

function complete({ tenantId, ...revocation }: Revocation): CompleteRevocation {
  const until = revocation.until ?? new Date(Date.now() + defaultMemoryMs);
  const issuedBefore = revocation.issuedBefore ?? (revocation.tokenId === undefined ? new Date() : until);
  const completed = { ...revocation, ...(tenantId !== undefined && { tenantId: readTenantId(tenantId) }), issuedBefore, until };
  if (targetFields.every((field) => completed[field] === undefined)) {
    throw new BadInputError('A revocation must say whose tokens it means: name an issuer, a subject, a tenant or one token.');
  }
  // Compared with what is no time, every token would be good.
  if (Number.isNaN(issuedBefore.getTime()) || Number.isNaN(until.getTime()))
    throw new BadInputError('The dates of a revocation must be valid.');
  return Object.freeze(completed);
}

function readTenantId(text: string): string {
  const tenantId = tenantIdSchema.safeParse(text);
  if (tenantId.success) return tenantId.data;
  throw new BadInputError("The tenant of a revocation must be a tenant's id (a UUID).");
}

function targetOf(revocation: Revocation): string {
  return JSON.stringify(targetFields.map((field) => revocation[field] ?? null));
}

function later(left: CompleteRevocation, right: CompleteRevocation): CompleteRevocation {
  return Object.freeze({
    ...left,
    issuedBefore: left.issuedBefore > right.issuedBefore ? left.issuedBefore : right.issuedBefore,
    until: left.until > right.until ? left.until : right.until,
  });
}

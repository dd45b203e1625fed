/** One process's part in a cluster's claims. */
interface Member {
  readonly id: string;
  /** Connections that it may hold, or still holds. It never holds more than this. */
  readonly claim: number;
  /** What it takes to be the cluster's total. */
  readonly total: number;
}

/** Who may hold how many connections to a cluster. */
export interface Claims {
  /** Counts up at each change, so that no two states are alike. */
  readonly version: number;
  readonly members: readonly Member[];
  /** False after claims may have been lost, until all had the time to claim anew. */
  readonly areComplete: boolean;
}

/** Who has been heard of, and when, in milliseconds of the register's clock. */
export interface Pulse {
  readonly now: number;
  /** When the last silence ended: more than {@link silenceMs} without a sign of those who had not left. Or since when there is a memory. */
  readonly since: number;
  readonly heardAt: Readonly<Record<string, number>>;
}

/** What a process says when it takes a turn. */
export interface Request {
  readonly id: string;
  /** Connections that it holds, or may hold by what it was told last, whichever is more; null in its first turn. */
  readonly held: number | null;
  readonly total: number;
}

/** What a turn comes to. */
export interface Turn extends ClaimsChange {
  /** Connections that the process may hold from now on. */
  readonly share: number;
  /** Connections that count as its own: more than its share while it still holds more. */
  readonly claim: number;
  /** The smallest total of all members. */
  readonly total: number;
}

export interface ClaimsChange {
  readonly claims: Claims;
  /** Whether {@link claims} are to be stored, and whether the others should then look at once: it may change what they get. */
  readonly effect: 'none' | 'quiet' | 'news';
}

/** Milliseconds between a process's turns, when nothing else calls for one. */
export const heartbeatMs = 1000;

/** Milliseconds without a sign after which a process counts as dead, and its connections as closed. */
export const leaseMs = 5000;

/**
 * Milliseconds without a sign of anybody after which it must have been the register that was away, so that a lease that has run out
 * says nothing. With it and two heartbeats a lease has not run out.
 */
export const silenceMs = 2500;

/** Milliseconds after a silence in which every process that lives gives a sign and claims what it holds. */
export const settlingMs = 3000;

/** Equal parts of `total` in whole numbers; the first of the `members`, by `rank` from 0, have the remainder. */
export function fairShare(total: number, members: number, rank: number): number {
  return Math.floor(total / members) + (rank < total % members ? 1 : 0);
}

/** What a process begins with while it cannot be known who else there is: sixteen such are within a total of 16 or more. */
export function startingShare(total: number): number {
  return Math.max(1, Math.floor(total / 16));
}

/**
 * One process's turn: it claims what it holds, drops who is dead, and gets what is free up to its fair share. The claim of what it
 * holds always stands, also beyond the total: it is the truth, and makes the others wait until it fits.
 */
export function takeTurn(claims: Claims, pulse: Pulse, { id, held: before, total }: Request): Turn {
  const isAlone = claims.areComplete && claims.members.every((member) => member.id === id);
  const isSettled = isAlone || pulse.now - pulse.since >= settlingMs;
  const others = claims.members.filter((member) => member.id !== id && (!isSettled || isAlive(member.id, pulse)));
  const smallest = Math.min(total, ...others.map((other) => other.total));
  const fair = fairShare(smallest, others.length + 1, others.filter((other) => other.id < id).length);
  const held = before ?? 0;
  const free = smallest - others.reduce((sum, other) => sum + other.claim, held);
  const mayGain = isSettled ? !hasStrangers(claims, pulse, id) : before === null;
  const gain = isSettled ? free : Math.min(free, startingShare(smallest));
  const claim = Math.max(held, Math.min(fair, held + (mayGain ? gain : 0)));
  const next = { version: claims.version + 1, members: [...others, { id, claim, total }], areComplete: claims.areComplete || isSettled };
  return { share: Math.min(fair, claim), claim, total: smallest, claims: next, effect: effectOf(claims, next, id) };
}

/** The claims without a process whose connections have closed. */
export function leave({ version, members, areComplete }: Claims, id: string): ClaimsChange {
  return { claims: { version: version + 1, members: members.filter((member) => member.id !== id), areComplete }, effect: 'news' };
}

/** Whether somebody gave a sign, but has not said yet what it holds. */
function hasStrangers({ members }: Claims, pulse: Pulse, id: string): boolean {
  const known = new Set([id, ...members.map((member) => member.id)]);
  return Object.keys(pulse.heardAt).some((heard) => !known.has(heard) && isAlive(heard, pulse));
}

/** Whether the last sign of a process is no older than a lease. */
export function isAlive(id: string, { now, heardAt }: Pulse): boolean {
  // A sign from the future was given before the clock was set back.
  return Math.abs(now - (heardAt[id] ?? -Infinity)) <= leaseMs;
}

function effectOf(before: Claims, after: Claims, id: string): Turn['effect'] {
  const [old, own] = [before, after].map(({ members }) => members.find((member) => member.id === id));
  if (!old || !own || before.members.length !== after.members.length || own.claim < old.claim) return 'news';
  return own.claim > old.claim || before.areComplete !== after.areComplete ? 'quiet' : 'none';
}

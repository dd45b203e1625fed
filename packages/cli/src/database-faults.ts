import { describeError, type ErrorDescription } from '@tenantry/service';
import { DatabaseMisconfiguredError, UnreachableError } from './errors.ts';
import { explain } from './output/explain-error.ts';

/** Codes of Node and Prisma that say that a server did not answer at all. */
const silence: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'P1001',
  'P1002',
]);

/** How `pg` words it that a server did not answer in time, for which it has no code. */
const timeout = /^timeout expired$|^timeout exceeded when trying to connect$|^Connection terminated due to connection timeout$/;

/** What the control database's refusals mean for whoever set the environment, by Prisma's codes. */
const misconfigured: ReadonlyMap<unknown, string> = new Map([
  ['P1000', 'Is that the user and password of CONTROL_DATABASE_URL?'],
  ['P1003', 'Is that the database of CONTROL_DATABASE_URL?'],
  ['P1010', 'May that user of CONTROL_DATABASE_URL connect?'],
  ['P2021', 'Is that the control database of CONTROL_DATABASE_URL, and of this release?'],
  ['P2022', 'Is that the control database of CONTROL_DATABASE_URL, and of this release?'],
]);

/** An error that says what to look at, where a database server did not answer or is not the right one; else the error as it is. */
export function nameDatabaseFault(thrown: unknown): unknown {
  const chain = chainOf(describeError(thrown));
  const question = chain.map(({ code }) => misconfigured.get(code)).find((each) => each !== undefined);
  if (question !== undefined) return new DatabaseMisconfiguredError(`${explain(thrown).message} ${question}`, { cause: thrown });
  if (!chain.some(({ code, message }) => silence.has(code) || timeout.test(message))) return thrown;
  return new UnreachableError(`${explain(thrown).message} Is that server running, and may this machine reach it?`, { cause: thrown });
}

function chainOf(description: ErrorDescription): ErrorDescription[] {
  const { cause, errors = [] } = description;
  return [description, ...(cause ? chainOf(cause) : []), ...errors.flatMap(chainOf)];
}

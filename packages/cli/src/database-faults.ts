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

const questions = {
  password: 'Is that the user and password of CONTROL_DATABASE_URL?',
  database: 'Is that the database of CONTROL_DATABASE_URL?',
  right: 'May that user of CONTROL_DATABASE_URL connect?',
  schema: 'Is that the control database of CONTROL_DATABASE_URL, and of this release?',
};

/** What the control database's refusals mean for whoever set the environment, by Prisma's codes. */
const misconfigured: ReadonlyMap<unknown, string> = new Map([
  ['P1000', questions.password],
  ['P1003', questions.database],
  ['P1010', questions.right],
  ['P2021', questions.schema],
  ['P2022', questions.schema],
]);

/** The same by SQLSTATE, of statements that Prisma does not make; as a cause, such an error may be another database's. */
const refused: ReadonlyMap<unknown, string> = new Map([
  ['28P01', questions.password],
  ['28000', questions.password],
  ['3D000', questions.database],
  ['42501', questions.right],
  ['42P01', questions.schema],
  ['42703', questions.schema],
]);

/** An error that says what to look at, where a database server did not answer or is not the right one; else the error as it is. */
export function nameDatabaseFault(thrown: unknown): unknown {
  const chain = chainOf(describeError(thrown));
  const question = refused.get(chain[0]?.['code']) ?? chain.map(({ code }) => misconfigured.get(code)).find((each) => each !== undefined);
  if (question !== undefined) return new DatabaseMisconfiguredError(`${explain(thrown).message} ${question}`, { cause: thrown });
  if (!chain.some(({ code, message }) => silence.has(code) || timeout.test(message))) return thrown;
  return new UnreachableError(`${explain(thrown).message} Is that server running, and may this machine reach it?`, { cause: thrown });
}

function chainOf(description: ErrorDescription): ErrorDescription[] {
  const { cause, errors = [] } = description;
  return [description, ...(cause ? chainOf(cause) : []), ...errors.flatMap(chainOf)];
}

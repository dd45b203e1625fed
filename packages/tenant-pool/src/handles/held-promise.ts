import { UnsupportedOperationError } from '../errors.ts';
import { isRecord } from './is-record.ts';

/** Prisma's promise of an operation: nothing is asked of the database before somebody awaits it, and then once. */
export type PrismaPromise = PromiseLike<unknown> & { readonly [Symbol.toStringTag]: 'PrismaPromise' };

/** Does what a promise stands for. */
export type Begin = (promise: PrismaPromise) => Promise<unknown>;

/** What a method of a client or a model gave, in a form in which whatever it does is done by `begin`. */
export function held(result: unknown, begin: Begin): unknown {
  if (isPrismaPromise(result)) return heldPromise(result, begin);
  if (isRecord(result)) throw new UnsupportedOperationError('This is not a method that a handle has.');
  return result;
}

/** A promise of the same operation. What it leads on to, as `db.user.findFirst(…).memberships()` does, is one operation with it. */
function heldPromise(promise: PrismaPromise, begin: Begin): PrismaPromise {
  let begun: Promise<unknown> | undefined;
  const done = () => (begun ??= begin(promise));
  return new Proxy(promise, {
    get: (target, name) => {
      switch (name) {
        case 'then':
        case 'catch':
        case 'finally':
          return (...callbacks: unknown[]) => Reflect.apply(Reflect.get(Promise.prototype, name), done(), callbacks);
        case 'requestTransaction':
          return refuse;
        default:
          return leadingOn(Reflect.get(target, name), begin);
      }
    },
  });
}

function isPrismaPromise(value: unknown): value is PrismaPromise {
  return isRecord(value) && Reflect.get(value, Symbol.toStringTag) === 'PrismaPromise';
}

function leadingOn(member: unknown, begin: Begin): unknown {
  if (typeof member !== 'function') return member;
  return (...args: unknown[]) => held(Reflect.apply(member, undefined, args), begin);
}

/** Asked by a client to whose `$transaction([…])` the promise was given. */
async function refuse(): Promise<never> {
  throw new UnsupportedOperationError("A handle's operations cannot be part of another client's $transaction([…]).");
}

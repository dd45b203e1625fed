import { isModel } from './handle-view.ts';
import { held, type PrismaPromise } from './held-promise.ts';
import type { Operation } from './operation.ts';

type OperationName = Pick<Operation, 'model' | 'operation'>;

export interface PlainViewOptions {
  /** What the view has in place of Prisma's own. It has nothing else but models, SQL, and what has a symbol for a name. */
  own: Readonly<Record<string, unknown>>;
  /** Does an operation, once it is awaited. */
  perform: (name: OperationName, promise: PrismaPromise) => Promise<unknown>;
  /** The client that looks up unique rows. Default: the one that is viewed. */
  lookups?: () => object;
}

const rawMethods = new Set<string | symbol>(['$queryRaw', '$queryRawUnsafe', '$queryRawTyped', '$executeRaw', '$executeRawUnsafe']);
const uniqueLookups = new Set<string | symbol>(['findUnique', 'findUniqueOrThrow']);

/**
 * A client without extensions whose every operation is done by `perform`. An extension could do that, too, but Prisma pays for having
 * one: it copies the arguments of every operation and goes through all rows of every answer.
 */
export function plainView(client: object, { own, perform, lookups }: PlainViewOptions): object {
  const performed = (method: Method, self: object, name: OperationName): Method => {
    const begin = (promise: PrismaPromise) => perform(name, promise);
    return (...args) => held(Reflect.apply(method, self, args), begin);
  };
  const modelOf = (model: object, name: string | symbol): object =>
    cachedView(model, (key) => {
      if (key === '$parent') return undefined;
      if (lookups && uniqueLookups.has(key)) return Reflect.get(Object(Reflect.get(lookups(), name)), key);
      const member: unknown = Reflect.get(model, key);
      return isMethod(member) ? performed(member, model, { model: String(Reflect.get(model, '$name')), operation: String(key) }) : member;
    });
  return cachedView(client, (name) => {
    if (typeof name === 'string' && Object.hasOwn(own, name)) return own[name];
    const member: unknown = Reflect.get(client, name);
    if (isModel(member)) return modelOf(member, name);
    if (isMethod(member) && rawMethods.has(name)) return performed(member, client, { operation: String(name) });
    return typeof name === 'symbol' ? member : undefined;
  });
}

type Method = (...args: unknown[]) => unknown;

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** A view of `target` whose members are what `memberOf` makes of their names, once each. */
function cachedView(target: object, memberOf: (name: string | symbol) => unknown): object {
  const members = new Map<string | symbol, unknown>();
  return new Proxy(target, {
    get: (_target, name) => {
      const known = members.get(name);
      if (known !== undefined) return known;
      const member = memberOf(name);
      members.set(name, member);
      return member;
    },
  });
}

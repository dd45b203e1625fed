/** Calls what the types do not offer. */
export function call(target: object, method: string, ...args: unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new Error(`there is no ${method}`);
  return Reflect.apply(found, target, args);
}

/** The clients that Prisma's `$parent` leads to, from `start` on. */
export function parentsOf(start: object): object[] {
  const parents: object[] = [];
  for (let client: unknown = Reflect.get(start, '$parent'); client !== undefined; client = Reflect.get(Object(client), '$parent')) {
    parents.push(Object(client));
  }
  return parents;
}

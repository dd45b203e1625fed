import { isRecord } from './is-record.ts';

/** What a view has in place of Prisma's own. */
export interface ViewMembers {
  /** The client that this one was extended from; undefined where that is the one all tenants share. */
  parent: () => object | undefined;
  /** Absent within a transaction, as in Prisma. */
  extend?: (extension: unknown) => object;
}

/**
 * A Prisma client as its callers get it: `$parent`, on it and on its models, leads to views only. Prisma lets an extension
 * replace every member but that of a model.
 */
export function viewOf(client: object, { parent, extend }: ViewMembers): object {
  const models = new Map<string | symbol, object>();
  return new Proxy(client, {
    get: (target, name) => {
      if (name === '$parent') return parent();
      if (name === '$extends') return extend;
      const known = models.get(name);
      if (known) return known;
      const member: unknown = Reflect.get(target, name);
      if (!isModel(member)) return member;
      const model = new Proxy(member, { get: (self, key) => (key === '$parent' ? parent() : Reflect.get(self, key)) });
      models.set(name, model);
      return model;
    },
  });
}

export function isModel(member: unknown): member is object {
  return isRecord(member) && '$name' in member && '$parent' in member;
}

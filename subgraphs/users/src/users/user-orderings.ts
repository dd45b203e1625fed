import { cursorInstant, cursorText, type Ordering } from '@tenantry/subgraph-kit';
import type { Person } from './user-store.ts';

/** The input `UserOrder`. */
export interface UserOrder {
  readonly field: 'CREATED_AT' | 'NAME' | 'EMAIL';
  readonly direction: 'ASC' | 'DESC';
}

/** An order of users by one column, then by id. */
export interface UserOrdering extends Ordering<Person, string> {
  readonly order: UserOrder;
}

const fields = {
  CREATED_AT: { values: cursorInstant, valuesOf: (user: Person) => user.createdAt.toISOString() },
  NAME: { values: cursorText, valuesOf: (user: Person) => user.name },
  EMAIL: { values: cursorText, valuesOf: (user: Person) => user.email },
};

export function userOrdering(order: UserOrder): UserOrdering {
  return { order, name: `users:${order.field}:${order.direction}`, ...fields[order.field] };
}

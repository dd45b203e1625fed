import type { User } from '@tenantry/prisma/tenant';
import { cursorInstant, cursorText, type Ordering } from '@tenantry/subgraph-kit';

/** The input `UserOrder`. */
export interface UserOrder {
  readonly field: 'CREATED_AT' | 'NAME' | 'EMAIL';
  readonly direction: 'ASC' | 'DESC';
}

/** An order of users by one column, then by id. */
export interface UserOrdering extends Ordering<User, string> {
  readonly order: UserOrder;
}

const fields = {
  CREATED_AT: { values: cursorInstant, valuesOf: (user: User) => user.createdAt.toISOString() },
  NAME: { values: cursorText, valuesOf: (user: User) => user.name },
  EMAIL: { values: cursorText, valuesOf: (user: User) => user.email },
};

export function userOrdering(order: UserOrder): UserOrdering {
  return { order, name: `users:${order.field}:${order.direction}`, ...fields[order.field] };
}

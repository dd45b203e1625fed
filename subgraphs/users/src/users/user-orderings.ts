import type { User } from '@tenantry/prisma/tenant';
import type { Ordering } from '@tenantry/subgraph-kit';
import { z } from 'zod';

/** The input `UserOrder`. */
export interface UserOrder {
  readonly field: 'CREATED_AT' | 'NAME' | 'EMAIL';
  readonly direction: 'ASC' | 'DESC';
}

/** An order of users by one column, then by id. */
export interface UserOrdering extends Ordering<User, string> {
  readonly order: UserOrder;
}

const text = z.string().max(1000);

const fields = {
  CREATED_AT: { values: z.iso.datetime(), valuesOf: (user: User) => user.createdAt.toISOString() },
  NAME: { values: text, valuesOf: (user: User) => user.name },
  EMAIL: { values: text, valuesOf: (user: User) => user.email },
};

export function userOrdering(order: UserOrder): UserOrdering {
  return { order, name: `users:${order.field}:${order.direction}`, ...fields[order.field] };
}

import { parsePage, toConnection, type Connection, type PageArguments } from '@tenantry/subgraph-kit';
import type { UsersContext } from '../context.ts';
import { parseUserFilter, type UserFilter } from './user-filter.ts';
import { userOrdering, type UserOrder } from './user-orderings.ts';
import type { Person } from './user-store.ts';

export interface UserConnectionArguments extends PageArguments {
  filter?: UserFilter | null;
  orderBy?: UserOrder | null;
}

const byDefault: UserOrder = { field: 'CREATED_AT', direction: 'ASC' };

export async function listUsers(args: UserConnectionArguments, { loaders }: UsersContext): Promise<Connection<Person>> {
  const ordering = userOrdering(args.orderBy ?? byDefault);
  const page = parsePage(args, ordering);
  const conditions = parseUserFilter(args.filter ?? {});
  const users = await loaders.userPages.load({ conditions, order: ordering.order, page });
  for (const user of users) loaders.users.prime(user.id, user);
  return toConnection(users, page, ordering, async () => await loaders.userCounts.load(conditions));
}

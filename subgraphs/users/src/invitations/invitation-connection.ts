import type { Invitation } from '@tenantry/prisma/tenant';
import { cursorInstant, parsePage, toConnection, type Connection, type Ordering, type PageArguments } from '@tenantry/subgraph-kit';
import type { UsersContext } from '../context.ts';
import type { InvitationStatus } from './invitation-status.ts';
import { countInvitations, findInvitationPage } from './invitation-store.ts';

export interface InvitationConnectionArguments extends PageArguments {
  filter?: { status?: InvitationStatus | null } | null;
}

const latestFirst: Ordering<Invitation, string> = {
  name: 'invitations:created-at:desc',
  values: cursorInstant,
  valuesOf: ({ createdAt }) => createdAt.toISOString(),
};

export async function listInvitations(args: InvitationConnectionArguments, { request }: UsersContext): Promise<Connection<Invitation>> {
  await request.viewer.requireRole('ADMIN');
  const page = parsePage(args, latestFirst);
  const status = args.filter?.status ?? null;
  const db = await request.db();
  const invitations = await findInvitationPage(db, status, page);
  return toConnection(invitations, page, latestFirst, async () => await countInvitations(db, status));
}

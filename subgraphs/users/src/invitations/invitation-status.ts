import type { Invitation } from '@tenantry/prisma/tenant';

export type InvitationStatus = 'PENDING' | 'ACCEPTED' | 'EXPIRED';

export function invitationStatus({ acceptedAt, expiresAt }: Invitation): InvitationStatus {
  if (acceptedAt) return 'ACCEPTED';
  return expiresAt.getTime() <= Date.now() ? 'EXPIRED' : 'PENDING';
}

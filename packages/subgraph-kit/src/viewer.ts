import type { TenantContext } from '@tenantry/auth';
import { ForbiddenError } from '@tenantry/service';
import type { Member } from './membership-store.ts';
import { roleIncludes, type MemberRole } from './roles.ts';

/** In what capacity a request acts within its tenant. */
export interface Acting {
  readonly role: MemberRole;
  /** Null for a platform operator, who acts as an administrator without being a user. */
  readonly userId: string | null;
}

/** Who asks, as the tenant's own database knows them. Costs at most one statement a request, however often it is asked. */
export interface Viewer {
  /** The active user whose issuer and subject are the token's; null when there is none, and for an operator. */
  member(): Promise<Member | null>;
  /** @throws {ForbiddenError} unless the caller is an active member, or an operator acting in the tenant */
  requireMember(): Promise<Acting>;
  /** @throws {ForbiddenError} unless the caller's role is `role` or a higher one */
  requireRole(role: MemberRole): Promise<Acting>;
}

const operator: Acting = { role: 'ADMIN', userId: null };

/** @param findMember called at most once */
export function createViewer({ impersonated }: TenantContext, findMember: () => Promise<Member | null>): Viewer {
  let found: Promise<Member | null> | undefined;
  const member = async () => (impersonated ? null : await (found ??= findMember()));
  const act = async (): Promise<Acting> => {
    if (impersonated) return operator;
    const user = await member();
    if (!user) throw new ForbiddenError('You are not an active member of this tenant.');
    return { role: user.role, userId: user.id };
  };
  let known: Promise<Acting> | undefined;
  const requireMember = async () => await (known ??= act());
  const requireRole = async (role: MemberRole) => {
    const acting = await requireMember();
    if (!roleIncludes(acting.role, role)) throw new ForbiddenError(`This needs the role ${role}; yours is ${acting.role}.`);
    return acting;
  };
  return { member, requireMember, requireRole };
}

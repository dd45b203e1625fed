import type { TenantContext } from '@tenantry/auth';
import { ForbiddenError } from '@tenantry/service';
import { describe, expect, it } from 'vitest';
import type { Member } from './membership-store.ts';
import type { MemberRole } from './roles.ts';
import { createViewer } from './viewer.ts';

const context: TenantContext = { principal: null, tenantId: null, impersonated: false, origin: null };

function userOf(role: MemberRole): Member {
  return { id: 'u', email: 'a@b.example', name: 'A', role, status: 'ACTIVE', createdAt: new Date() };
}

describe('a viewer', () => {
  it.each([
    ['MEMBER', ['MEMBER']],
    ['ADMIN', ['MEMBER', 'ADMIN']],
    ['OWNER', ['MEMBER', 'ADMIN', 'OWNER']],
  ] as const)('who is %s may do what asks for %j and nothing more', async (role, allowed) => {
    const viewer = createViewer(context, async () => userOf(role));
    const roles: readonly MemberRole[] = ['MEMBER', 'ADMIN', 'OWNER'];
    for (const required of allowed) expect(await viewer.requireRole(required)).toEqual({ role, userId: 'u' });
    for (const required of roles.slice(allowed.length)) await expect(viewer.requireRole(required)).rejects.toThrow(ForbiddenError);
  });

  it('who is no member is refused', async () => {
    const viewer = createViewer(context, async () => null);
    expect(await viewer.member()).toBeNull();
    await expect(viewer.requireMember()).rejects.toThrow(ForbiddenError);
  });

  it('is looked up once, however often it is asked at once', async () => {
    let lookups = 0;
    const viewer = createViewer(context, async () => {
      lookups++;
      return userOf('OWNER');
    });
    await Promise.all([viewer.member(), viewer.requireMember(), viewer.requireRole('ADMIN'), viewer.member()]);
    expect(lookups).toBe(1);
  });

  it('who is an operator acts as an administrator without being a user, unasked', async () => {
    const viewer = createViewer({ ...context, impersonated: true }, async () => await Promise.reject(new Error('asked')));
    expect(await viewer.member()).toBeNull();
    expect(await viewer.requireRole('ADMIN')).toEqual({ role: 'ADMIN', userId: null });
    await expect(viewer.requireRole('OWNER')).rejects.toThrow(ForbiddenError);
  });
});

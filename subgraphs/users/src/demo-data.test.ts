import { emailAddress } from '@tenantry/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import { inventPeople } from './demo/people.ts';
import { openTestTenant, type TestTenant } from './testing/test-tenant.ts';

let tenant: TestTenant;

beforeAll(async () => (tenant = await openTestTenant()));
afterAll(async () => await tenant[Symbol.asyncDispose]());

const owner = { issuer: 'https://id.example', subject: 'ada', email: 'ada@acme.example', name: 'Ada Acheson' };

describe('seedDemoData', () => {
  it('fills a tenant once and leaves it alone after that', async () => {
    await tenant.access(async (db) => await seedDemoData(db, { slug: 'acme', owner }));
    const contents = async () =>
      await tenant.access(async (db) => [
        await db.user.findMany({ orderBy: { id: 'asc' } }),
        await db.team.findMany({ orderBy: { id: 'asc' }, include: { members: true } }),
        await db.invitation.findMany({ orderBy: { id: 'asc' } }),
      ]);
    const before = await contents();
    await tenant.access(async (db) => await db.team.deleteMany({ where: { name: 'Sales' } }));
    const changed = await contents();
    await tenant.access(async (db) => await seedDemoData(db, { slug: 'acme', owner }));
    expect(changed).not.toEqual(before);
    expect(await contents()).toEqual(changed);
  });

  it('leaves its owner with everything to look at', async () => {
    await tenant.clear();
    await tenant.access(async (db) => await seedDemoData(db, { slug: 'acme', owner }));
    const { issuer, subject, email } = owner;
    const token = { issuer, subject, email, emailVerified: true, tenantId: tenant.id, scopes: [], expiresAt: null };
    const query = /* GraphQL */ `
      {
        me {
          name
          role
          teams {
            name
          }
        }
        users {
          totalCount
        }
        admins: users(filter: { role: ADMIN }) {
          totalCount
        }
        teams {
          totalCount
          nodes {
            memberCount
          }
        }
        pending: invitations(filter: { status: PENDING }) {
          totalCount
          nodes {
            invitedBy {
              name
            }
          }
        }
        expired: invitations(filter: { status: EXPIRED }) {
          totalCount
        }
      }
    `;
    const { data } = await tenant.ask(token, query);
    expect(data).toMatchObject({
      me: { name: 'Ada Acheson', role: 'OWNER', teams: [{ name: 'Product' }] },
      users: { totalCount: 41 },
      admins: { totalCount: 3 },
      teams: { totalCount: 6 },
      pending: { totalCount: 3, nodes: [{ invitedBy: { name: 'Ada Acheson' } }, {}, {}] },
      expired: { totalCount: 1 },
    });
    expect(JSON.stringify(data)).not.toContain('"memberCount":0');
  });
});

describe('inventPeople', () => {
  it('gives a slug the same people every time, and another slug others', () => {
    expect(inventPeople('acme')).toEqual(inventPeople('acme'));
    const others = new Set(inventPeople('globex').map(({ name }) => name));
    expect(inventPeople('acme').filter(({ name }) => others.has(name)).length).toBeLessThan(5);
  });

  it('gives everybody an email of their own, as the schema wants it', () => {
    const emails = inventPeople('acme').map(({ email }) => email);
    expect(new Set(emails).size).toBe(40);
    expect(emails.map((email) => emailAddress.parse(email))).toEqual(emails);
  });
});

import { developmentTokenDefaults } from '@tenantry/auth';
import { seedDemoData } from '@tenantry/users/demo-data';
import type { SubgraphServices } from '@tenantry/subgraph-kit';
import type { Tenant, TenantControl } from '@tenantry/tenant-control';

/** A tenant to try Tenantry with, and the person who owns it. */
export interface DemoTenant {
  tenant: Tenant;
  owner: { subject: string; email: string };
}

const demoTenants = [
  { slug: 'acme', name: 'Acme Corporation', owner: { subject: 'demo-acme-owner', email: 'ada@acme.example', name: 'Ada Acheson' } },
  { slug: 'globex', name: 'Globex', owner: { subject: 'demo-globex-owner', email: 'gus@globex.example', name: 'Gus Gorman' } },
];

/** Provisions the demo tenants and fills them with people and teams; on later starts finds them as they were left. */
export async function prepareDemo({ control, pool }: SubgraphServices): Promise<DemoTenant[]> {
  if (!control) throw new Error('The demo needs a control plane.');
  return await Promise.all(
    demoTenants.map(async ({ owner, ...input }) => {
      const tenant = await provisionOnce(control, input);
      if (tenant.status === 'ACTIVE') {
        await using lease = await pool.lease(tenant.id, { operation: 'seed demo data' });
        await seedDemoData(lease.db, { slug: tenant.slug, owner: { ...owner, issuer: developmentTokenDefaults.issuer } });
      }
      return { tenant, owner };
    }),
  );
}

async function provisionOnce(control: TenantControl, input: { slug: string; name: string }): Promise<Tenant> {
  const actor = { issuer: developmentTokenDefaults.issuer, subject: 'demo', requestId: `demo-${input.slug}` };
  return await control.provisionTenant(input, { idempotencyKey: `demo-${input.slug}`, actor });
}

import { expect } from 'vitest';
import { operator } from '../../testing/installation.ts';
import type { WorkStep } from '../tenant-work.ts';
import { content, type DoomedTenants } from './doomed-tenants.ts';

/** What becomes of the database of a tenant that hibernates. */
export type Keep = 'closed' | 'dropped';

export const keeps: readonly Keep[] = ['closed', 'dropped'];

export const namesOf = (steps: readonly WorkStep[]): string[] => steps.map(({ name }) => name);

/** Nobody reaches the tenant, and when it is woken it has all that it had. */
export async function expectAsleep(tenants: DoomedTenants, id: string): Promise<void> {
  const { catalog, control } = tenants.installation;
  expect(await catalog.findTenants([id])).toMatchObject([{ status: 'HIBERNATED' }]);
  await expect(tenants.content(id)).rejects.toMatchObject({ code: expect.stringMatching(/^(55000|28000)$/) });
  await control.wakeTenant(id, operator);
  expect(await tenants.content(id)).toEqual(content);
}

export async function expectAwake(tenants: DoomedTenants, id: string): Promise<void> {
  expect(await tenants.installation.catalog.findTenants([id])).toMatchObject([{ status: 'ACTIVE' }]);
  expect(await tenants.content(id)).toEqual(content);
}

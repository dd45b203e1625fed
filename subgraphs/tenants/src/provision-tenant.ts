import { provisionInputSchema, type ProvisionInput, type Tenant } from '@tenantry/tenant-control';
import { actorOf } from './actor.ts';
import type { TenantsContext } from './context.ts';
import type { TenantUserError } from './errors.ts';
import { parseInput } from './mutation-input.ts';

export interface ProvisionArguments {
  input: ProvisionInput;
  idempotencyKey?: string | null;
}

/** What it is called that is wrong with a field of the input. */
export const provisionInputCodes = {
  slug: 'INVALID_SLUG',
  name: 'INVALID_NAME',
  'firstOwner.email': 'INVALID_EMAIL',
  'firstOwner.name': 'INVALID_NAME',
} as const;

/** @throws whatever keeps the tenant from being made that the input's author cannot see in it: a taken slug, an unknown cluster */
export async function provisionTenant(
  { input, idempotencyKey }: ProvisionArguments,
  { control, request }: TenantsContext,
): Promise<{ tenant: Tenant | null; userErrors: readonly TenantUserError[] }> {
  const { data, userErrors } = parseInput(provisionInputSchema, input, provisionInputCodes);
  if (!data) return { tenant: null, userErrors };
  return { tenant: await control().provisionTenant(data, { actor: actorOf(request), idempotencyKey }), userErrors };
}

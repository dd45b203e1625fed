import { renameInputSchema, type RenameInput, type Tenant } from '@tenantry/tenant-control';
import { actorOf } from './actor.ts';
import type { TenantsContext } from './context.ts';
import type { TenantUserError } from './errors.ts';
import { parseInput } from './mutation-input.ts';

export interface RenameArguments {
  id: string;
  input: RenameInput;
}

/** @throws whatever keeps the tenant from being renamed that the input's author cannot see in it: a taken slug, a deleted tenant */
export async function renameTenant(
  { id, input }: RenameArguments,
  { control, request }: TenantsContext,
): Promise<{ tenant: Tenant | null; userErrors: readonly TenantUserError[] }> {
  const { data, userErrors } = parseInput(renameInputSchema, input, { slug: 'INVALID_SLUG', name: 'INVALID_NAME' });
  if (!data) return { tenant: null, userErrors };
  return { tenant: await control().renameTenant(id, data, actorOf(request)), userErrors };
}

import type { Tenant } from '@tenantry/tenant-control';
import { z } from 'zod';
import type { TenantsContext } from './context.ts';
import type { TenantUserError } from './errors.ts';
import { localeTag, timeZoneName } from './localisation.ts';
import { parseInput } from './mutation-input.ts';
import type { SettingsChanges } from './tenant-settings-store.ts';
import { findOwnTenant } from './visible-tenants.ts';

const longestInvitationDays = 90;
const invitationDaysRule = `must be from 1 to ${longestInvitationDays}`;

const settingsInput = z.object({
  locale: localeTag.nullish(),
  timeZone: timeZoneName.nullish(),
  invitationDays: z.int().min(1, invitationDaysRule).max(longestInvitationDays, invitationDaysRule).nullish(),
});

export type SettingsInput = z.input<typeof settingsInput>;

/**
 * Changes the caller's tenant's settings: what the input gives and nothing else.
 *
 * @throws {ForbiddenError} unless the caller is an administrator of the tenant
 */
export async function changeSettings(
  input: SettingsInput,
  context: TenantsContext,
): Promise<{ tenant: Tenant | null; userErrors: readonly TenantUserError[] }> {
  await context.request.viewer.requireRole('ADMIN');
  const { data, userErrors } = parseInput(settingsInput, input, {
    locale: 'INVALID_LOCALE',
    timeZone: 'INVALID_TIME_ZONE',
    invitationDays: 'INVALID_INVITATION_DAYS',
  });
  if (!data) return { tenant: null, userErrors };
  await context.settings.change(withoutNulls(data));
  return { tenant: await findOwnTenant(context), userErrors };
}

function withoutNulls({ locale, timeZone, invitationDays }: z.output<typeof settingsInput>): SettingsChanges {
  return {
    ...(locale && { locale }),
    ...(timeZone && { timeZone }),
    ...(invitationDays && { invitationDays }),
  };
}

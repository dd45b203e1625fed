import { displayName } from '@tenantry/prisma';
import type { Prisma } from '@tenantry/prisma/control';
import { z } from 'zod';
import { SlugTakenError } from '../errors.ts';
import { parseOrRefuse } from '../parse-or-refuse.ts';
import { isUniqueViolation } from '../postgres/unique-violation.ts';
import { slugSchema } from '../provisioning/provision-input.ts';
import type { Actor, Tenant } from '../tenant.ts';
import { changeTenant } from './change-tenant.ts';
import { assertNotDeleted } from './locked-tenant.ts';
import type { ChangeServices } from './services.ts';

/** What `renameTenant` takes; what is null or left out stays as it is. */
export const renameInputSchema = z.object({ slug: slugSchema.nullish(), name: displayName.nullish() });

export type RenameInput = z.input<typeof renameInputSchema>;

/**
 * Gives a tenant another slug or name. Its id, its database and its role stay, so that nothing is interrupted; its old slug is free.
 *
 * @throws {BadInputError} {TenantNotFoundError} {SlugTakenError} {TenantDeletedError} {ChangeNotAnnouncedError}
 */
export async function renameTenant(id: string, input: RenameInput, actor: Actor, services: ChangeServices): Promise<Tenant> {
  const wanted = parseOrRefuse(renameInputSchema, input, 'input');
  return await changeTenant({ id, action: 'tenant.rename', actor }, services, async (tenant, tx) => {
    assertNotDeleted(tenant);
    const slug = wanted.slug ?? tenant.slug;
    const name = wanted.name ?? tenant.name;
    const changes = { slug: slug !== tenant.slug, name: name !== tenant.name };
    if (changes.slug) await takeSlug(tx, tenant.id, slug);
    return changes.slug || changes.name ? { data: { name }, detail: changes } : null;
  });
}

/** @throws {SlugTakenError} */
async function takeSlug(tx: Prisma.TransactionClient, id: string, slug: string): Promise<void> {
  try {
    await tx.tenant.updateMany({ where: { id }, data: { slug } });
  } catch (cause) {
    throw isUniqueViolation(cause) ? new SlugTakenError(slug, { cause }) : cause;
  }
}

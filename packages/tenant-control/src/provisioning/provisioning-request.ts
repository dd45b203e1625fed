import { createHash } from 'node:crypto';
import type { Actor } from '../tenant.ts';
import type { TenantSpecification } from './provision-input.ts';
import type { ProvisioningInput } from './provisioning-input.ts';

/** A tenant that somebody asks for. */
export interface ProvisioningRequest {
  readonly specification: TenantSpecification;
  readonly clusterName: string;
  readonly actor: Actor;
  readonly idempotencyKey: string | null;
  /** The backup that the tenant begins with; null for none. */
  readonly backupId: string | null;
  /** Told of the saga before it is run; what it gives back is disposed of after. */
  readonly onSaga?: (sagaId: string) => Disposable;
}

/** What the same idempotency key has to come with again. */
export function requestHash({ specification, clusterName, backupId }: ProvisioningRequest): string {
  const { slug, name, tier, firstOwner } = specification;
  const content = [
    slug,
    name,
    tier ?? 'STANDARD',
    clusterName,
    firstOwner?.email ?? null,
    firstOwner?.name ?? null,
    ...(backupId === null ? [] : [backupId]),
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** What the saga keeps of the request. */
export function storedInput({ specification, clusterName, backupId }: ProvisioningRequest): Omit<ProvisioningInput, 'isShelved'> {
  const { slug, name, tier = null, firstOwner = null } = specification;
  return { specification: { slug, name, tier, firstOwner }, clusterName, backupId };
}

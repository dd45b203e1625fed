import type { Prisma, SagaKind } from '@tenantry/prisma/control';
import type { Actor } from '../tenant.ts';

/** What is asked for, and by whom. */
export interface SagaRequest {
  /** A UUID that was never used. */
  readonly id: string;
  readonly kind: SagaKind;
  readonly tenantId: string;
  readonly input: Prisma.JsonObject;
  readonly actor: Actor;
}

/** The fence of whoever has stored a saga. */
export const firstFence = 1;

/** Stores a saga that this process runs from now on, with a lease of `leaseMs`. */
export async function storeLeased(tx: Prisma.TransactionClient, request: SagaRequest, leaseMs: number): Promise<void> {
  const { id, kind, tenantId, input, actor } = request;
  await tx.$executeRaw`
    INSERT INTO sagas (id, kind, tenant_id, input, issuer, subject, request_id, origin, fence, leased_until)
    VALUES (${id}::uuid, ${kind}::"SagaKind", ${tenantId}::uuid, ${JSON.stringify(input)}::jsonb,
      ${actor.issuer}, ${actor.subject}, ${actor.requestId}, ${actor.origin ?? null}, ${firstFence}, now() + ${leaseMs} * interval '1 ms')`;
}

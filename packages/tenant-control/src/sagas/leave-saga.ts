import type { Prisma } from '@tenantry/prisma/control';
import type { SagaRequest } from './saga-request.ts';

/** Stores a saga that nobody runs yet, together with what the transaction changes: whoever looks for work takes it up. */
export async function leaveSaga(tx: Prisma.TransactionClient, { actor, ...request }: SagaRequest): Promise<void> {
  const { issuer, subject, requestId, origin = null } = actor;
  await tx.saga.create({ data: { ...request, issuer, subject, requestId, origin }, select: { id: true } });
}

import { TenantryError } from '@tenantry/service';

/**
 * Brings an error of ours through Prisma, which makes one of its own out of every error that has a `code`.
 */
class CarriedError extends Error {
  override readonly name = 'CarriedError';
  override readonly cause: TenantryError;

  constructor(cause: TenantryError) {
    super(cause.message);
    this.cause = cause;
  }
}

/** Has `run` throw errors of ours as a {@link CarriedError}. */
export async function carrying<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof TenantryError ? new CarriedError(error) : error;
  }
}

export function uncarried(error: unknown): unknown {
  return error instanceof CarriedError ? error.cause : error;
}

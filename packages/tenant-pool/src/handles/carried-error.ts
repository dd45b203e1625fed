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

/** `run`, throwing errors of ours as a {@link CarriedError}. */
export function carrying<Input, Result>(run: (input: Input) => Promise<Result>): (input: Input) => Promise<Result> {
  return async (input) => {
    try {
      return await run(input);
    } catch (error) {
      throw error instanceof TenantryError ? new CarriedError(error) : error;
    }
  };
}

export function uncarried(error: unknown): unknown {
  return error instanceof CarriedError ? error.cause : error;
}

import { BadInputError, ConflictError, NotFoundError } from '@tenantry/service';

/** Raised when another tenant has the slug. */
export class SlugTakenError extends ConflictError {
  constructor(slug: string, options?: ErrorOptions) {
    super(`The slug "${slug}" is taken.`, options);
  }
}

/** Raised when an idempotency key comes again with another input. */
export class IdempotencyKeyReusedError extends ConflictError {
  constructor(key: string) {
    super(`The idempotency key "${key}" was used for another input before: take a new one.`);
  }
}

/** Raised when the first request with the same idempotency key has not ended yet, or never will by itself. */
export class ProvisioningUnfinishedError extends ConflictError {}

/** Raised when a cluster is named that TENANT_CLUSTERS does not name. */
export class UnknownClusterError extends BadInputError {
  constructor(name: string, known: Iterable<string>) {
    super(`There is no cluster "${name}"; there is ${[...known].join(', ')}.`);
  }
}

/** Raised when no tenant has the id. */
export class UnknownTenantError extends NotFoundError {
  constructor(id: string) {
    super(`There is no tenant with the id ${JSON.stringify(id)}.`);
  }
}

/** Raised when a step of provisioning failed. Everything done until then was undone, or else the tenant is left FAILED. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError';
  readonly step: string;

  constructor(slug: string, step: string, undone: boolean, cause: unknown) {
    const outcome = undone ? 'and was undone' : 'and could not be undone: the tenant is left FAILED';
    super(`Provisioning of the tenant "${slug}" failed at the step "${step}" ${outcome}.`, { cause });
    this.step = step;
  }
}

import { NotFoundError, StartError } from '@tenantry/service';

/** Raised when a command fails for a reason of its own; the message says all that whoever ran it has to know. */
export abstract class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Raised when what destroys something was not confirmed. */
export class NotConfirmedError extends CommandError {}

/** Raised when a server that a command needs does not answer. */
export class UnreachableError extends CommandError {}

/** Raised when passwords are sealed by a key that CREDENTIALS_KEY does not have. */
export class UnopenablePasswordsError extends CommandError {
  /** @param tenants their ids */
  constructor(tenants: readonly string[]) {
    super(`No key of CREDENTIALS_KEY opens the passwords of ${tenants.join(', ')}: add the one that sealed them.`);
  }
}

/** Raised when the doctor has found what somebody has to see to. */
export class TroubleError extends CommandError {
  constructor(errors: number) {
    super(errors === 1 ? 'There is an error to see to.' : `There are ${errors} errors to see to.`);
  }
}

/** Raised when nothing says which installation a command is for. */
export class NoInstallationError extends StartError {
  /** `EX_CONFIG` of sysexits.h. */
  override readonly exitStatus = 78;
}

/** Raised when the database that the environment names is not a control database that one may use. */
export class DatabaseMisconfiguredError extends StartError {
  /** `EX_CONFIG` of sysexits.h. */
  override readonly exitStatus = 78;
}

/** Raised when what a command names by slug or id is no tenant. */
export class NoSuchTenantError extends NotFoundError {
  constructor(reference: string) {
    super(`There is no tenant ${JSON.stringify(reference)}. To see which there are: tenantry tenants list`);
  }
}

/** Raised when there is no backup with an id. */
export class NoSuchBackupError extends NotFoundError {
  constructor(id: string) {
    super(`There is no backup ${JSON.stringify(id)}. To see a tenant's: tenantry backup list TENANT`);
  }
}

/** Raised when a tenant was not erased, so that there is no certificate of it. */
export class NoSuchCertificateError extends NotFoundError {
  constructor(tenantId: string) {
    super(
      `There is no certificate of an erasure of the tenant ${JSON.stringify(tenantId)}. It takes the id of the tenant that was erased.`,
    );
  }
}

/** Raised when a file on the command line cannot be read or written, or does not hold what it should. */
export class FileError extends CommandError {}

/** Raised when there is no run with an id. */
export class NoSuchRunError extends NotFoundError {
  constructor(id: string) {
    super(`There is no run ${JSON.stringify(id)}. To see a tenant's runs: tenantry runs list TENANT`);
  }
}

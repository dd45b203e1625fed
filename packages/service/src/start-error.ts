/** Raised when a service cannot start for a reason that whoever started it can mend: printed as it is, without a stack. */
export class StartError extends Error {
  /** Status that the process exits with. */
  readonly exitStatus: number = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

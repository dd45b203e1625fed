/** What a log line says of an error. */
export interface ErrorDescription {
  type: string;
  message: string;
  stack?: string;
  /** The error's own plain properties, such as `code`. */
  [property: string]: unknown;
  cause?: ErrorDescription;
  errors?: ErrorDescription[];
}

/** Causes that are followed; deeper ones are left out. */
const deepestCause = 8;

/**
 * Describes whatever was thrown, with its causes. Properties that are objects are left out: drivers hang their connection on an
 * error, and with it host, user and password.
 */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: String(thrown) };
  const plain = Object.entries(thrown).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  const description: ErrorDescription = { ...Object.fromEntries(plain), type: thrown.name, message: thrown.message };
  if (thrown.stack !== undefined) description.stack = thrown.stack;
  if (depth === deepestCause) return description;
  if (thrown.cause !== undefined) description.cause = describeError(thrown.cause, depth + 1);
  if (thrown instanceof AggregateError) description.errors = thrown.errors.map((error) => describeError(error, depth + 1));
  return description;
}

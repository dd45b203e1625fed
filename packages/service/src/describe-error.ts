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
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: describeValue(thrown) };
  const description: ErrorDescription = { ...plainProperties(thrown), type: thrown.name, message: thrown.message };
  if (thrown.stack !== undefined) description.stack = thrown.stack;
  if (depth === deepestCause) return description;
  if (thrown.cause !== undefined) description.cause = describeError(thrown.cause, depth + 1);
  if (thrown instanceof AggregateError) description.errors = thrown.errors.map((error) => describeError(error, depth + 1));
  return description;
}

/** Drivers say as the cause of an error, in an object, what the database said. */
function describeValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(plainProperties(value)) : String(value);
}

function plainProperties(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => ['string', 'number', 'boolean'].includes(typeof each)));
}

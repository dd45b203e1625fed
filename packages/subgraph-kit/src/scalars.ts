import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { z } from 'zod';

const dateTime = z.iso.datetime({ offset: true });

/** An instant: in as ISO 8601 with an offset, out in UTC with milliseconds. */
export const dateTimeScalar: GraphQLScalarType<Date, string> = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant in ISO 8601, such as 2026-03-01T09:30:00.000Z.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize(value) {
    if (value instanceof Date && !Number.isNaN(value.valueOf())) return value.toISOString();
    throw new TypeError('A DateTime must be a valid Date.');
  },
  parseValue: (value) => parseDateTime(value),
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
});

function parseDateTime(value: unknown): Date {
  const { success, data } = dateTime.safeParse(value);
  if (success) return new Date(data);
  throw new GraphQLError('A DateTime must be ISO 8601 with an offset, such as 2026-03-01T09:30:00Z.');
}

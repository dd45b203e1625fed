import { canonicalUuid, parseJson } from '@tenantry/service';
import { z } from 'zod';

/** Something of a tenant's that has changed: which, and never what it holds. */
export interface TenantChange {
  readonly tenantId: string;
  /** What kind of thing, such as `user`. */
  readonly topic: string;
  /** Which of them. Like `topic`, 200 characters at most. */
  readonly id: string;
}

/** Characters of a topic, and of an id: a message is far from what `NOTIFY` takes. */
const longestId = 200;

/** Says that word of changes was lost, of whatever kind and tenant. */
export const everythingMessage = '*';

const uuid = z.string().transform((text, context) => canonicalUuid(text) ?? (context.addIssue('is not a UUID'), z.NEVER));
const name = z.string().min(1).max(longestId);
const messageSchema = z.tuple([uuid, name, name]);

/** @throws when a part is too long, or the tenant's id is none */
export function messageOf({ tenantId, topic, id }: TenantChange): string {
  return JSON.stringify(messageSchema.parse([tenantId, topic, id]));
}

/** @returns null for what is no change: word was lost, or a version speaks that this one does not understand */
export function changeOf(message: string): TenantChange | null {
  const { data } = messageSchema.safeParse(parseJson(message));
  if (!data) return null;
  const [tenantId, topic, id] = data;
  return { tenantId, topic, id };
}

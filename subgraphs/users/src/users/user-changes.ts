import { BadInputError, canonicalUuid } from '@tenantry/service';
import type { UsersContext } from '../context.ts';
import type { Person } from './user-store.ts';

/** As which changes of people are announced, by their ids. */
export const userTopic = 'user';

/** Somebody has changed; null when that may be anybody. */
export interface UserEvent {
  readonly userId: string | null;
}

/** What is told of a {@link UserEvent}, as it stands when it is told. */
export interface UserChange extends UserEvent {
  readonly kind: 'CHANGED' | 'REMOVED' | 'MISSED';
  readonly user: Person | null;
}

/** Tells those who subscribe that somebody has changed. To be called once that is committed. */
export function announceUser(id: string, { request, events }: UsersContext): void {
  events.announce({ tenantId: request.tenantId(), topic: userTopic, id });
}

/**
 * The changes of the tenant's people from now on, until the request's signal aborts.
 *
 * @param id of the one to tell of; null for everybody
 * @throws {BadInputError} when it can be nobody's {ForbiddenError}
 */
export async function followUsers(id: string | null, { request, events }: UsersContext): Promise<AsyncIterable<UserEvent>> {
  const wanted = id === null ? null : (canonicalUuid(id) ?? refuseId());
  await request.viewer.requireMember();
  const feed = await events.follow({ tenantId: request.tenantId(), topic: userTopic }, request.signal);
  return matching(wanted, async () => await feed.next(request.signal));
}

/** @throws {ForbiddenError} when the subscriber is no member any more */
export async function describeChange({ userId }: UserEvent, { request, loaders }: UsersContext): Promise<UserChange> {
  await request.viewer.requireMember();
  if (userId === null) return { kind: 'MISSED', userId, user: null };
  const user = await loaders.users.load(userId);
  return { kind: user ? 'CHANGED' : 'REMOVED', userId, user };
}

async function* matching(wanted: string | null, next: () => Promise<string | null>): AsyncGenerator<UserEvent, never, undefined> {
  for (;;) {
    const userId = await next();
    if (userId === null || wanted === null || userId === wanted) yield { userId };
  }
}

function refuseId(): never {
  throw new BadInputError("`id` must be a user's id.");
}

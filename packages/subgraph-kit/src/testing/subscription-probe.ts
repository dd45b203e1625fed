import type { ChangeFeed } from '@tenantry/tenant-pool';
import type { Resolvers, Subgraph, SubgraphContext } from '../define-subgraph.ts';
import type { SubgraphServices } from '../services.ts';
import { defineInline } from './probe.ts';

const schema = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@requiresScopes"])
  type Query {
    open: String
  }
  type Subscription {
    "Ends after three."
    count: Int!
    changed: Change! @authenticated
    operated: Int @requiresScopes(scopes: [["tenants:read"]])
    broken: Int @authenticated
    flood(characters: Int!): String @authenticated
  }
  type Change @authenticated {
    id: ID
    userCount: Int!
    failing: String
  }
`;

interface ProbeContext extends SubgraphContext {
  readonly events: SubgraphServices['events'];
}

/** What a test sees of its probe. */
export interface SubscriptionProbe {
  readonly subgraph: Subgraph;
  /** Texts that were given out to whoever subscribed to `flood`. */
  floods: number;
}

/** A subgraph whose subscriptions show what the kit does around them. */
export function defineSubscriptionProbe(): SubscriptionProbe {
  const resolvers: Resolvers<ProbeContext> = {
    Query: { open: () => 'open' },
    Subscription: {
      count: {
        subscribe: toThree,
        resolve: (value: number) => value,
      },
      changed: {
        subscribe: async (_root, _args, { request, events }) => {
          await request.db();
          const feed = await events.follow({ tenantId: request.tenantId(), topic: 'thing' }, request.signal);
          return idsIn(feed, request.signal);
        },
        resolve: async (id: string | null, _args, { request }) => ({ id, userCount: await (await request.db()).user.count() }),
      },
      operated: { subscribe: (_root, _args, { request }) => afterAbort(request.signal), resolve: (value: number) => value },
      broken: {
        subscribe: () => {
          throw new Error('a detail of ours');
        },
        resolve: () => null,
      },
      flood: {
        subscribe: async function* flood(_root, { characters }: { characters: number }) {
          for (;;) {
            probe.floods++;
            yield 'x'.repeat(characters);
          }
        },
        resolve: (text: string) => text,
      },
    },
    Change: {
      failing: () => {
        throw new Error('a detail of ours');
      },
    },
  };
  const subgraph = defineInline({ schema, resolvers, createContext: (request, { events }) => ({ request, events }) });
  const probe: SubscriptionProbe = { subgraph, floods: 0 };
  return probe;
}

async function* idsIn(feed: ChangeFeed, signal: AbortSignal): AsyncGenerator<string | null> {
  for (;;) yield await feed.next(signal);
}

async function* toThree(): AsyncGenerator<number> {
  yield* [1, 2, 3];
}

async function* afterAbort(signal: AbortSignal): AsyncGenerator<number> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield 1;
}

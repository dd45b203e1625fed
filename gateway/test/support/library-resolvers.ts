import type { GraphQLResolverMap } from '@apollo/subgraph';
import { GraphQLError } from 'graphql';
import type { TestContext } from './test-subgraphs.ts';

const books = ['ada', 'grace', 'alan'].map((owner, index) => ({
  id: `book-${index}`,
  title: `Book of ${owner}`,
  price: 10 + index,
  owner: { id: owner },
}));

export const libraryResolvers: GraphQLResolverMap<TestContext> = {
  Query: { books: () => books },
  Book: {
    __resolveReference: ({ id }: { id: string }) => books.find((book) => book.id === id),
  },
  Person: {
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    books: ({ id }: { id: string }) => books.filter(({ owner }) => owner.id === id),
    overdue({ id }: { id: string }) {
      if (id === 'grace')
        throw new GraphQLError('The library of grace is closed.', { extensions: { code: 'TENANT_BUSY', retryAfterMs: 250 } });
      return id.length;
    },
  },
};

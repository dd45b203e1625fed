import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLResolverMap } from '@apollo/subgraph';
import { GraphQLError } from 'graphql';
import type { TestContext } from './test-subgraphs.ts';

interface Thing {
  readonly __typename: string;
  readonly id: string;
}

const people = ['ada', 'grace', 'alan'].map((id) => ({ __typename: 'Person', id, name: `Name of ${id}`, email: `${id}@example.com` }));
const salaries = people.map(({ id }, index) => ({ __typename: 'Salary', id: `salary-${id}`, amount: 1000 + index, person: { id } }));
const notes = [{ __typename: 'Note', id: 'note-1', title: 'A note', author: people[0] }];
const memos = [{ __typename: 'Memo', title: 'A memo' }];

const findPerson = (id: string) => people.find((person) => person.id === id) ?? null;

export const peopleResolvers: GraphQLResolverMap<TestContext> = {
  Query: {
    greet: (_parent, { name }: { name: string }) => `Hello, ${name}!`,
    me: (_parent, _arguments, { tenant }) => findPerson(tenant.principal?.subject ?? ''),
    people: () => people,
    salaries: () => salaries,
    node: (_parent, { id }: { id: string }) => [...people, ...salaries, ...notes].find((thing: Thing) => thing.id === id),
    search: () => [...people, ...salaries, ...notes],
    notes: () => notes,
    titled: () => [...notes, ...memos],
    context: (_parent, _arguments, { tenant, headers }) => ({
      subject: tenant.principal?.subject,
      tenantId: tenant.tenantId,
      impersonated: tenant.impersonated,
      requestId: tenant.requestId,
      origin: tenant.origin,
      headers,
    }),
    fail(_parent, { code, retryAfterMs }: { code?: string; retryAfterMs?: number }) {
      if (!code) throw new Error('cannot reach postgres://user:secret@db');
      throw new GraphQLError(`It failed with ${code}.`, { extensions: { code, retryAfterMs } });
    },
    async slow(_parent, { ms }: { ms: number }, { signal }) {
      await delay(ms, undefined, signal && { signal });
      return 'done';
    },
  },
  Mutation: {
    rename: (_parent, { id, name }: { id: string; name: string }) => ({ ...findPerson(id), name }),
  },
  Person: {
    __resolveReference: ({ id }: { id: string }) => findPerson(id),
    level: () => 'SENIOR',
    fingerprint: ({ id }: Thing) => `fingerprint of ${id}`,
    salary: ({ id }: Thing) => salaries.find((salary) => salary.person.id === id),
    friends: ({ id }: Thing) => people.filter((person) => person.id !== id),
    internalNote: () => 'not for clients',
  },
  Salary: {
    __resolveReference: ({ id }: { id: string }) => salaries.find((salary) => salary.id === id),
    person: ({ person }: { person: { id: string } }) => findPerson(person.id),
  },
};

import { setTimeout as delay } from 'node:timers/promises';
import type { GraphQLResolverMap } from '@apollo/subgraph';
import { GraphQLError } from 'graphql';
import { changesOf } from './people-changes.ts';
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

const contextOf = ({ tenant, requestId, headers }: TestContext) => ({
  subject: tenant.principal?.subject,
  tenantId: tenant.tenantId,
  impersonated: tenant.impersonated,
  requestId,
  origin: tenant.origin,
  headers,
});

async function* numbersTo(last: number): AsyncGenerator<number> {
  for (let value = 1; value <= last; value += 1) yield value;
}

async function* breakOff(): AsyncGenerator<number> {
  yield 1;
  throw new Error('other side closed');
}

async function* textWithoutEnd(characters: number): AsyncGenerator<string> {
  for (;;) yield 'x'.repeat(characters);
}

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
    context: (_parent, _arguments, asked) => contextOf(asked),
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
  Subscription: {
    count: {
      subscribe: (_parent: unknown, { to }: { to: number }) => numbersTo(to),
      resolve(value: number, { failAt, code }: { failAt?: number; code?: string }) {
        if (value !== failAt) return value;
        if (!code) throw new Error('cannot reach postgres://user:secret@db');
        throw new GraphQLError(`It failed with ${code}.`, { extensions: { code } });
      },
    },
    lost: { subscribe: breakOff, resolve: (value: number) => value },
    flood: {
      subscribe: (_parent: unknown, { characters }: { characters: number }) => textWithoutEnd(characters),
      resolve: (value: string) => value,
    },
    personChanged: {
      subscribe: (_parent: unknown, { id }: { id: string }, { signal }: TestContext) => changesOf(id, signal),
      resolve: (id: string) => findPerson(id),
    },
    salaryChanged: {
      subscribe: (_parent: unknown, _arguments: unknown, { signal }: TestContext) => changesOf('salary', signal),
      resolve: () => salaries[0],
    },
    contextChanged: {
      subscribe: () => numbersTo(1),
      resolve: (_value: number, _arguments: unknown, asked: TestContext) => contextOf(asked),
    },
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

import { personCount, taskCount } from '../data.ts';
import { distinctOperations } from './distinct-operations.ts';
import type { BenchRequest, Workload } from './workload.ts';

function variations(query: string, count: number, variables: (index: number) => BenchRequest['variables']): BenchRequest[] {
  const operationName = /^query (\w+)/.exec(query)?.[1] ?? '';
  return Array.from({ length: count }, (_, index) => ({ query, operationName, variables: variables(index) }));
}

const profile = `query Profile($id: ID!) {
  person(id: $id) { id name email team { id name } }
}`;

const directory = `query Directory($offset: Int!) {
  people(first: 50, offset: $offset) {
    id name email title
    team { id name lead { id name } }
    tasks { id title priority }
  }
}`;

const chain = `query Chain($id: ID!) {
  person(id: $id) { name team { name project { name client { name invoice { number total } } } } }
}`;

const list = `query Export($offset: Int!) {
  tasks(first: 1900, offset: $offset) {
    id title description labels estimate priority createdAt
    assignee { id name email }
  }
}`;

const byPerson = (index: number) => ({ id: String(index) });

export const workloads: readonly Workload[] = [
  {
    name: 'two-hops',
    title: 'A small query over two subgraphs, one after the other',
    requests: variations(profile, personCount, byPerson),
    usersPerTenant: 1,
  },
  {
    name: 'list',
    title: '50 people with their teams, those who lead them, and three tasks each: 4 fetches from 3 subgraphs',
    requests: variations(directory, 200, (index) => ({ offset: (index * 37) % personCount })),
    usersPerTenant: 1,
  },
  {
    name: 'chain',
    title: 'Five subgraphs, each of which needs the answer of the one before',
    requests: variations(chain, personCount, byPerson),
    usersPerTenant: 1,
  },
  {
    name: 'megabyte',
    title: 'An answer of 1 MB: 1,900 tasks, and the people who have them from another subgraph',
    requests: variations(list, 8, (index) => ({ offset: (index * 611) % taskCount })),
    usersPerTenant: 1,
  },
  {
    name: 'operations',
    title: '200 different operations over one to five subgraphs',
    requests: distinctOperations(200).flatMap((query) => variations(query, 5, (index) => byPerson(index * 199))),
    usersPerTenant: 1,
  },
  {
    name: 'tenants',
    title: 'The small query for 1,000 tenants, each with five people who sign in',
    requests: variations(profile, personCount, byPerson),
    usersPerTenant: 5,
  },
];

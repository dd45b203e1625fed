/** An operation as a gateway sends it to a subgraph. */
export interface Workload {
  readonly title: string;
  readonly subgraph: 'users' | 'tenants';
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export function uuid(index: number): string {
  return `0198c0de-0000-7000-8000-${String(index).padStart(12, '0')}`;
}

const list = `query List__users__0($first: Int) { users(first: $first) {
  nodes { __typename id name email role status createdAt teams { id name } tenant { __typename id } }
  pageInfo { hasNextPage endCursor } } }`;

const entities = `query Names__users__1($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on User { name email role status } } }`;

const mutation = `mutation Set__users__0($name: String!) { ${['a', 'b', 'c', 'd', 'e']
  .map((alias) => `${alias}: createTeam(input: { name: $name }) { team { id name createdAt memberCount } userErrors { code message } }`)
  .join(' ')} }`;

const tenants = `query All__tenants__0($first: Int) { tenants(first: $first) {
  nodes { __typename id slug name tier status createdAt } pageInfo { hasNextPage endCursor } } }`;

export const workloads: readonly Workload[] = [
  { title: '20 users with teams and tenant', subgraph: 'users', query: list, variables: { first: 20 } },
  {
    title: '_entities of 50',
    subgraph: 'users',
    query: entities,
    variables: { representations: Array.from({ length: 50 }, (_, index) => ({ __typename: 'User', id: uuid(index) })) },
  },
  { title: 'mutation of 5 fields', subgraph: 'users', query: mutation, variables: { name: 'Deep Space' } },
  { title: '20 tenants', subgraph: 'tenants', query: tenants, variables: { first: 20 } },
];

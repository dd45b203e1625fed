import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestStack, type TestStack, type TestTenant } from './support/test-stack.ts';

let stack: TestStack;
let acme: TestTenant;

beforeAll(async () => {
  stack = await startTestStack();
  acme = await stack.provision('acme');
});
afterAll(async () => await stack[Symbol.asyncDispose]());

const personFields = gql`
  fragment PersonFields on User {
    id
    name
    email
  }
`;
const personQuery = gql`
  query Person($id: ID!) {
    user(id: $id) {
      ...PersonFields
      tenant {
        id
        slug
      }
    }
  }
  ${personFields}
`;
const renameMutation = gql`
  mutation Rename($id: ID!, $name: String!) {
    updateUser(input: { id: $id, name: $name }) {
      user {
        ...PersonFields
      }
      userErrors {
        code
        message
      }
    }
  }
  ${personFields}
`;

function connectApolloClient(): ApolloClient {
  const link = new HttpLink({ uri: stack.url, headers: { authorization: `Bearer ${acme.ownerToken}` } });
  return new ApolloClient({ cache: new InMemoryCache(), link });
}

function connectUrql(): Client {
  const fetchOptions = { headers: { authorization: `Bearer ${acme.ownerToken}` } };
  return new Client({ url: stack.url, exchanges: [cacheExchange({}), fetchExchange], preferGetMethod: false, fetchOptions });
}

describe('Apollo Client 4', () => {
  test('queries with variables and fragments, and a mutation updates the cached entity by id', async () => {
    const client = connectApolloClient();
    const variables = { id: acme.ownerId };
    const { data } = await client.query({ query: personQuery, variables });
    expect(data).toMatchObject({ user: { id: acme.ownerId, email: 'owner@acme.example', tenant: { slug: 'acme' } } });

    await client.mutate({ mutation: renameMutation, variables: { id: acme.ownerId, name: 'Renamed by Apollo' } });
    expect(client.readQuery({ query: personQuery, variables })).toMatchObject({
      user: { name: 'Renamed by Apollo', tenant: { slug: 'acme' } },
    });
    expect(client.cache.extract()).toHaveProperty([`User:${acme.ownerId}`]);
  });

  test('sees errors with their codes', async () => {
    const asked = connectApolloClient().query({
      query: gql`
        query {
          tenants(first: 1) {
            totalCount
          }
        }
      `,
    });
    const error = await asked.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(CombinedGraphQLErrors.is(error) && error.errors[0]?.extensions?.['code']).toBe('FORBIDDEN');
  });
});

describe('urql', () => {
  test('queries with variables and fragments, and a mutation updates the cached entity by id', async () => {
    const client = connectUrql();
    const variables = { id: acme.ownerId };
    const first = await client.query(personQuery, variables);
    expect(first.error).toBeUndefined();
    expect(first.data.user).toMatchObject({ id: acme.ownerId, email: 'owner@acme.example' });

    await client.mutation(renameMutation, { id: acme.ownerId, name: 'Renamed by urql' });
    const cached = await client.query(personQuery, variables, { requestPolicy: 'cache-only' });
    expect(cached.data.user).toMatchObject({ name: 'Renamed by urql', tenant: { slug: 'acme' } });
  });

  test('sees errors with their codes', async () => {
    const { error } = await connectUrql().query(
      gql`
        query {
          tenants(first: 1) {
            totalCount
          }
        }
      `,
      {},
    );
    expect(error?.graphQLErrors[0]?.extensions?.['code']).toBe('FORBIDDEN');
  });
});

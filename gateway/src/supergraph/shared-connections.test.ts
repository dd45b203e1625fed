import { expect, test } from 'vitest';
import type { SubgraphLocation } from './load-supergraph.ts';
import { SharedConnections } from './shared-connections.ts';

function harness() {
  const closed: string[] = [];
  const connections = new SharedConnections(({ name, url }: SubgraphLocation) => {
    if (url === '') throw new Error(`The subgraph ${name} has no URL.`);
    return { [Symbol.asyncDispose]: async () => void closed.push(`${name} at ${url}`) };
  });
  return { connections, closed };
}

const users = { name: 'users', url: 'http://users' };
const tenants = { name: 'tenants', url: 'http://tenants' };
const moved = { name: 'users', url: 'http://elsewhere' };

test('a subgraph that stays where it is keeps its connection; one that is moved or removed loses it with its last holder', async () => {
  const { connections, closed } = harness();
  const first = await connections.hold([users, tenants]);
  const second = await connections.hold([users]);
  const third = await connections.hold([moved]);
  expect(second.connections.get('users')).toBe(first.connections.get('users'));
  expect(third.connections.get('users')).not.toBe(first.connections.get('users'));
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  expect(closed).toEqual(['tenants at http://tenants']);
  await second[Symbol.asyncDispose]();
  await third[Symbol.asyncDispose]();
  expect(closed).toEqual(['tenants at http://tenants', 'users at http://users', 'users at http://elsewhere']);
  const fourth = await connections.hold([users]);
  expect(fourth.connections.get('users')).not.toBe(first.connections.get('users'));
});

test('where one connection cannot be made, none is held', async () => {
  const { connections, closed } = harness();
  await expect(connections.hold([users, { name: 'tenants', url: '' }])).rejects.toThrow('The subgraph tenants has no URL.');
  expect(closed).toEqual(['users at http://users']);
});

import { expect, test } from 'vitest';
import { resolvableKeysFirst } from './resolvable-keys-first.ts';

const keysOf = (supergraphSdl: string) => [...supergraphSdl.matchAll(/@join__type\(([^)]*)\)/g)].map(([, key]) => key);

test('of each subgraph, the keys that it resolves come first, and keep their order', () => {
  const supergraphSdl = `
    type A
      @join__implements(graph: ONE, interface: "I")
      @join__type(graph: ONE, key: "a", resolvable: false)
      @join__type(graph: ONE, key: "b")
      @join__type(graph: ONE, key: "c", resolvable: false)
      @join__type(graph: ONE, key: "d", resolvable: true)
      @join__type(graph: TWO, key: "e", resolvable: false)
      @join__type(graph: THREE, key: "f")
    { id: ID @join__field(graph: ONE) }`;
  expect(keysOf(resolvableKeysFirst(supergraphSdl))).toEqual([
    'graph: ONE, key: "b"',
    'graph: ONE, key: "d", resolvable: true',
    'graph: ONE, key: "a", resolvable: false',
    'graph: ONE, key: "c", resolvable: false',
    'graph: TWO, key: "e", resolvable: false',
    'graph: THREE, key: "f"',
  ]);
});

test('interfaces have keys, too; nothing else is changed', () => {
  const supergraphSdl = `interface I @join__type(graph: ONE, key: "a", resolvable: false) @join__type(graph: ONE, key: "b") {
  id: ID @join__field(graph: ONE)
}

enum E @join__type(graph: ONE) {
  X
}`;
  expect(resolvableKeysFirst(supergraphSdl)).toBe(
    supergraphSdl.replace('key: "a", resolvable: false', 'key: "b"').replace(/key: "b"\) \{/, 'key: "a", resolvable: false) {'),
  );
});

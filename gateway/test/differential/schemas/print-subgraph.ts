import type { FieldDraft, SubgraphDraft, TypeDraft } from './draft.ts';

export interface SubgraphSdl {
  readonly name: string;
  readonly sdl: string;
}

const link = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]
)`;

/** A draft as the schema file that a subgraph would have, with what it names of the library. */
export function printSubgraph({ name, types, unions }: SubgraphDraft, library: ReadonlyMap<string, string>): SubgraphSdl {
  const definitions = [
    ...[...types].map(([typeName, type]) => printType(typeName, type)),
    ...[...unions].map(([union, { members }]) => `union ${union} = ${members.join(' | ')}`),
  ];
  const named = namedIn(definitions.join('\n'), library);
  return { name, sdl: [link, ...definitions, ...[...named].map((used) => library.get(used) ?? '')].join('\n\n') };
}

function namedIn(text: string, library: ReadonlyMap<string, string>, found: Set<string> = new Set()): Set<string> {
  for (const [name, definition] of library) {
    if (found.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue;
    found.add(name);
    namedIn(definition, library, found);
  }
  return found;
}

function printType(name: string, { kind, interfaces, directives, fields }: TypeDraft): string {
  const implemented = interfaces.size > 0 ? ` implements ${[...interfaces].join(' & ')}` : '';
  const lines = [...fields].map(([field, draft]) => `  ${printField(field, draft)}`);
  return `${[`${kind} ${name}${implemented}`, ...directives].join(' ')} {\n${lines.join('\n')}\n}`;
}

function printField(name: string, { args, type, directives }: FieldDraft): string {
  return [`${name}${args}: ${type}`, ...directives].join(' ');
}

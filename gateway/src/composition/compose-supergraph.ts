import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { GraphQLError, parse, Source, type DocumentNode } from 'graphql';
import { CompositionError, type CompositionProblem } from '../errors.ts';
import { placesOf } from './places.ts';
import { findUnknownTypes } from './unknown-types.ts';

export interface SubgraphSource {
  name: string;
  /** The subgraph's schema file; errors show it as it is given here. */
  schemaPath: string;
  /** Where a router reaches the subgraph; becomes a part of the supergraph. */
  url: string;
}

/**
 * Composes the schema files of subgraphs into a Federation 2 supergraph.
 *
 * @returns the supergraph as SDL, fit for any federation router
 * @throws {CompositionError}
 */
export function composeSupergraph(subgraphs: readonly SubgraphSource[]): string {
  const documents = parseSchemas(subgraphs);
  // The composer stops at a subgraph's first unknown type.
  refuse(
    [...documents.values()].flatMap((document) => findUnknownTypes(document)),
    documents,
  );
  const services = subgraphs.map(({ name, url }) => ({ name, url, typeDefs: documents.get(name)! }));
  const { supergraphSdl, errors } = composeServices(services);
  refuse(errors ?? [], documents);
  return supergraphSdl!;
}

function parseSchemas(subgraphs: readonly SubgraphSource[]): Map<string, DocumentNode> {
  const documents = new Map<string, DocumentNode>();
  const problems: CompositionProblem[] = [];
  for (const { name, schemaPath } of subgraphs) {
    try {
      documents.set(name, parse(new Source(readFileSync(schemaPath, 'utf8'), schemaPath)));
    } catch (error) {
      problems.push(unreadable(schemaPath, error));
    }
  }
  if (problems.length > 0) throw new CompositionError(problems);
  return documents;
}

function unreadable(schemaPath: string, error: unknown): CompositionProblem {
  if (error instanceof GraphQLError) return { places: placesOf(error, new Map()), code: 'INVALID_GRAPHQL', message: error.message };
  return { places: [`${schemaPath}:1:1`], code: 'SCHEMA_UNREADABLE', message: error instanceof Error ? error.message : String(error) };
}

function refuse(errors: readonly GraphQLError[], documents: ReadonlyMap<string, DocumentNode>): void {
  if (errors.length === 0) return;
  throw new CompositionError(errors.map((error) => ({ places: placesOf(error, documents), code: codeOf(error), message: error.message })));
}

function codeOf({ extensions }: GraphQLError): string {
  return typeof extensions['code'] === 'string' ? extensions['code'] : 'INVALID_GRAPHQL';
}

import { Supergraph } from '@apollo/federation-internals';
import { execute, isObjectType, parse, type GraphQLSchema } from 'graphql';
import { fields } from './data.ts';
import type { BenchRequest } from './workloads/workload.ts';

/** What an operation has to be answered with, as a plain object. */
export type FindAnswer = (request: BenchRequest) => unknown;

/**
 * Answers as one server would that has all the data: by graphql-js, over the schema that clients see. Whoever answers by way of
 * subgraphs has to give the same.
 */
export function referenceAnswers(supergraphSdl: string): FindAnswer {
  const schema = executableSchema(supergraphSdl);
  const known = new Map<BenchRequest, unknown>();
  return (request) => {
    if (!known.has(request)) known.set(request, answer(schema, request));
    return known.get(request);
  };
}

function executableSchema(supergraphSdl: string): GraphQLSchema {
  const supergraph = Supergraph.build(supergraphSdl);
  const schema = supergraph.apiSchema().toGraphQLJSSchema();
  for (const type of Object.values(schema.getTypeMap()).filter((named) => isObjectType(named))) {
    for (const field of Object.values(type.getFields())) {
      const resolve = fields[type.name]?.[field.name];
      if (resolve) field.resolve = (parent, args: object) => resolve(parent, args);
    }
  }
  return schema;
}

function answer(schema: GraphQLSchema, { query, variables }: BenchRequest): unknown {
  const result = execute({ schema, document: parse(query), variableValues: variables });
  if ('then' in result) throw new TypeError('The data of the benchmarks are there at once.');
  // As it is after its way over the wire.
  return JSON.parse(JSON.stringify(result));
}

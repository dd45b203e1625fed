import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import type { Logger } from '@tenantry/service';
import { assertValidSchema, buildSchema, extendSchema, parse } from 'graphql';
import { apolloLogger } from '../apollo-logger.ts';
import { takeAccessRules, type AccessRules } from '../authorization/take-access-rules.ts';
import type { ExecutionSchemas } from '../execution/executable-operation.ts';
import { resolvableKeysFirst } from './resolvable-keys-first.ts';

/** A subgraph, as a supergraph names it. */
export interface SubgraphLocation {
  readonly name: string;
  /** Where the supergraph says that it is; may be empty. */
  readonly url: string;
}

export interface LoadedSupergraph {
  /** Without its access rules. */
  readonly supergraphSdl: string;
  readonly rules: AccessRules;
  readonly schemas: ExecutionSchemas;
  readonly subgraphs: readonly SubgraphLocation[];
}

/**
 * Has `@apollo/gateway` load a supergraph: it decides what a valid one is, and makes the API schema. Its executor and its planner are
 * not used, nor kept.
 *
 * @param composedSdl with its access rules
 * @throws when it is not a supergraph, or not one that can be served
 */
export async function loadSupergraph(composedSdl: string, logger: Logger): Promise<LoadedSupergraph> {
  const { supergraphSdl, rules } = takeAccessRules(resolvableKeysFirst(composedSdl));
  const subgraphs: SubgraphLocation[] = [];
  // The constructor reads this; else it probes cloud metadata addresses and reports to Apollo.
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: apolloLogger(logger),
    validateSupergraph: true,
    buildService({ name, url = '' }) {
      subgraphs.push({ name, url });
      return noDataSource;
    },
  });
  const { schema } = await gateway.load();
  await gateway.stop();
  const api = extendSchema(schema, deferDirective);
  // What Apollo Server would refuse has to be known before it is told of the schema.
  assertValidSchema(api);
  return { supergraphSdl, rules, schemas: { api, supergraph: buildSchema(supergraphSdl, { assumeValidSDL: true }) }, subgraphs };
}

/** `@apollo/gateway` leaves it out, since it does not execute what is deferred. */
const deferDirective = parse('directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT');

/** Stands where `@apollo/gateway` would keep the way to a subgraph. */
const noDataSource: GraphQLDataSource = {
  process: async () => {
    throw new Error('Plans are not executed by @apollo/gateway here.');
  },
};

import type { GraphQLDataSource } from '@apollo/gateway';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { ContextSigner } from '@tenantry/auth';
import { SubgraphFetchError } from '../errors.ts';
import type { GatewayContext } from '../http/gateway-context.ts';
import type { SubgraphTransport } from '../transports/subgraph-transport.ts';

export interface SubgraphDataSourceOptions {
  /** The subgraph's name, which is also the audience of the contexts signed for it. */
  name: string;
  transport: SubgraphTransport;
  signer: ContextSigner;
}

type Fetch = Parameters<GraphQLDataSource<GatewayContext>['process']>[0];

/**
 * Sends the fetches of a plan to one subgraph: the operation and the signed tenant context, and nothing that the client sent beside
 * them.
 */
export function createSubgraphDataSource({ name, transport, signer }: SubgraphDataSourceOptions): GraphQLDataSource<GatewayContext> {
  return {
    async process(fetch) {
      const { tenantContext, signal } = contextOf(fetch);
      const { query = '', operationName, variables } = fetch.request;
      const signedContext = signer.sign(tenantContext, name);
      try {
        const { errors, ...result } = await transport.execute({ query, operationName, variables }, signedContext, { signal });
        return errors ? { ...result, errors: errors.map(toFormatted) } : result;
      } catch (cause) {
        throw new SubgraphFetchError(`The subgraph ${name} gave no answer.`, { cause });
      }
    },
  };
}

/** The other kinds of fetch are made by features of `@apollo/gateway` that this gateway does not use. */
function contextOf(fetch: Fetch): GatewayContext {
  if (!('incomingRequestContext' in fetch)) throw new SubgraphFetchError(`A fetch of the kind ${fetch.kind} belongs to no request.`);
  return fetch.incomingRequestContext.context;
}

/** As HTTP would bring it, so that both transports give the same answers. */
function toFormatted(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  return error instanceof GraphQLError ? error.toJSON() : error;
}

import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import type { GatewayContext } from '../http/gateway-context.ts';
import type { Generation } from './generation.ts';
import type { Generations } from './generations.ts';

/** What Apollo Server takes a gateway for. */
export type ApolloGateway = NonNullable<ApolloServerOptionsWithGateway<GatewayContext>['gateway']>;

/** Executes an operation; the `schema` that it is given is the API schema that the operation is valid in. */
export type GatewayExecutor = NonNullable<Awaited<ReturnType<ApolloGateway['load']>>['executor']>;

/**
 * Has Apollo Server serve the API schema of the current generation, and each that follows. Whoever started the generations disposes of
 * them.
 */
export function asApolloGateway(generations: Generations<unknown>, executor: GatewayExecutor): ApolloGateway {
  let announce: ((generation: Generation<unknown>) => void) | undefined;
  let stopListening: (() => void) | undefined;
  return {
    onSchemaLoadOrUpdate(listener) {
      announce = ({ schemas, supergraphSdl }) => listener({ apiSchema: schemas.api, coreSupergraphSdl: supergraphSdl });
      stopListening = generations.onChange(announce);
      return stopListening;
    },
    async load() {
      announce?.(generations.current);
      return { executor };
    },
    stop: async () => stopListening?.(),
  };
}

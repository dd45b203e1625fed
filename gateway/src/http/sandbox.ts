import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { Mode } from '@tenantry/service';

export interface SandboxOptions {
  /** The operation that Sandbox opens with. */
  document?: string;
  /** The headers that it sends with it. */
  headers?: Readonly<Record<string, string>>;
}

/** Pages of Apollo's from which Sandbox calls a gateway. */
export const sandboxOrigins: readonly string[] = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

const defaultDocument = `# Put a token under Headers, as "Authorization: Bearer …", to ask for more than this.
query Hello {
  __typename
}
`;

/** Apollo Sandbox at `GET /graphql` in a browser, in development; no page in production. */
export function sandboxPage(mode: Mode, { document = defaultDocument, headers }: SandboxOptions = {}): ApolloServerPlugin {
  if (mode === 'production') return ApolloServerPluginLandingPageDisabled();
  return ApolloServerPluginLandingPageLocalDefault({
    embed: { runTelemetry: false, initialState: { pollForSchemaUpdates: false } },
    document,
    ...(headers && { headers: { ...headers } }),
    footer: false,
  });
}

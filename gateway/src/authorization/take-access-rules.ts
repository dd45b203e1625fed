import { printSchema, Supergraph, type CoreFeature, type Directive, type Schema } from '@apollo/federation-internals';
import { signedIn, type AccessRequirement } from '@tenantry/auth';
import { z } from 'zod';

/**
 * The specifications of access rules that this gateway enforces. `@policy` is not among them: `@apollo/gateway` refuses to load a
 * supergraph that links it, and so the gateway does not start.
 */
const authenticatedSpec = 'https://specs.apollo.dev/authenticated';
const requiresScopesSpec = 'https://specs.apollo.dev/requiresScopes';

/** Requirements by schema coordinate: `User`, `Query.users`. What is not listed is open to everybody. */
export type AccessRules = ReadonlyMap<string, AccessRequirement>;

export interface RuledSupergraph {
  /** The supergraph without its access rules: `@apollo/gateway` does not load one that links their specifications. */
  supergraphSdl: string;
  rules: AccessRules;
}

/** Takes `@authenticated` and `@requiresScopes` out of a supergraph, so that the gateway can enforce them itself. */
export function takeAccessRules(supergraphSdl: string): RuledSupergraph {
  const { schema } = Supergraph.build(supergraphSdl, { supportedFeatures: null, validateSupergraph: false });
  const rules = new Map<string, AccessRequirement>();
  for (const directive of takeDirective(schema, authenticatedSpec, 'authenticated')) rules.set(directive.coordinate, signedIn);
  // Whoever holds a scope is signed in: where both directives stand, this one says all.
  for (const { coordinate, scopes } of takeDirective(schema, requiresScopesSpec, 'requiresScopes')) rules.set(coordinate, scopes);
  return { supergraphSdl: printSchema(schema), rules };
}

/** Composition has checked it; `@authenticated` has none. */
const scopesArgument = z.array(z.array(z.string())).default([]);

interface TakenDirective {
  coordinate: string;
  scopes: AccessRequirement;
}

function takeDirective(schema: Schema, specification: string, name: string): TakenDirective[] {
  const feature = schema.coreFeatures?.getByIdentity(specification);
  if (!feature) return [];
  const applications = [...(schema.directive(feature.directiveNameInSchema(name))?.applications() ?? [])];
  const taken = applications.map((directive) => ({
    coordinate: coordinateOf(directive),
    scopes: scopesArgument.parse(directive.arguments()['scopes']),
  }));
  for (const directive of applications) directive.remove();
  removeFeature(schema, feature);
  return taken;
}

function coordinateOf({ parent }: Directive): string {
  if ('coordinate' in parent && typeof parent.coordinate === 'string') return parent.coordinate;
  throw new Error('An access rule stands on the schema itself, where it means nothing.');
}

function removeFeature(schema: Schema, feature: CoreFeature): void {
  const elements = [...schema.directives(), ...schema.types()].filter((element) => feature.isFeatureDefinition(element));
  for (const element of elements) element.remove();
  feature.directive.remove();
}

import type { ApolloGraphQLObjectTypeExtensions, GraphQLReferenceResolver } from '@apollo/subgraph';
import { isMet, signedIn, type AccessRequirement, type TenantContext } from '@tenantry/auth';
import { ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import {
  defaultFieldResolver,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  visit,
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { z } from 'zod';
import type { SubgraphContext } from './define-subgraph.ts';
import { SubgraphDefinitionError } from './errors.ts';

const scopeLists = z.array(z.array(z.string()));

/**
 * Enforces `@authenticated` and `@requiresScopes` in the schema itself, wherever a field or an entity is reached from: on the
 * field, on the type that it belongs to or returns, and on that type's interfaces. So a resolver without a check is no hole.
 *
 * @throws {SubgraphDefinitionError} when the schema asks for access control that would not be enforced
 */
export function guardSchema(schema: GraphQLSchema, document: DocumentNode): GraphQLSchema {
  refuseUnenforceable(document);
  const abstractTypes = abstractTypesOfFields(schema);
  for (const type of Object.values(schema.getTypeMap())) if (isObjectType(type)) guardType(type, schema, abstractTypes);
  return schema;
}

/** @throws {UnauthenticatedError} {ForbiddenError} */
function checkAccess(requirements: readonly AccessRequirement[], { principal }: TenantContext): void {
  if (!principal) throw new UnauthenticatedError('Sign in to ask for this.');
  const unmet = requirements.find((requirement) => !isMet(requirement, principal));
  if (unmet) throw new ForbiddenError(`This needs the scope ${unmet.map((scopes) => scopes.join(' and ')).join(', or ')}.`);
}

function guardType(type: GraphQLObjectType, schema: GraphQLSchema, abstractTypes: readonly GraphQLAbstractType[]): void {
  const typeRules = rulesOfType(type, schema);
  if (typeRules.length > 0) guardReference(type, typeRules);
  const isGuardedBefore = isReachedByName(type, schema, abstractTypes);
  for (const field of Object.values(type.getFields())) {
    const inherited = type.getInterfaces().flatMap((parent) => rulesOfNode(parent.getFields()[field.name]?.astNode, schema));
    const returned = rulesOfType(getNamedType(field.type), schema);
    const rules = new Set([...typeRules, ...rulesOfNode(field.astNode, schema), ...inherited, ...returned]);
    if (isGuardedBefore) for (const rule of typeRules) rules.delete(rule);
    if (rules.size > 0) guardField(field, [...rules]);
  }
}

/**
 * Whether all objects of `type` come from fields and references that name the type itself. These enforce its rules, and its own
 * fields, which are read far more often, need not once more.
 */
function isReachedByName(type: GraphQLObjectType, schema: GraphQLSchema, abstractTypes: readonly GraphQLAbstractType[]): boolean {
  const isRoot = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);
  // A reference to an entity may name an interface of its.
  return !isRoot && type.getInterfaces().length === 0 && !abstractTypes.some((abstract) => schema.isSubType(abstract, type));
}

/** Types behind which objects of several types may be, other than that of `_entities`, whose references name the types themselves. */
function abstractTypesOfFields(schema: GraphQLSchema): GraphQLAbstractType[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = types.flatMap((type) => Object.values(type.getFields()));
  const entities = schema.getQueryType()?.getFields()['_entities'];
  const abstract = fields.filter((field) => field !== entities).map((field) => getNamedType(field.type));
  return [...new Set(abstract.filter((type) => isAbstractType(type)))];
}

function guardField(field: GraphQLField<unknown, SubgraphContext>, rules: readonly AccessRequirement[]): void {
  field.resolve = guarded(field.resolve ?? defaultFieldResolver, rules);
  if (field.subscribe) field.subscribe = guarded(field.subscribe, rules);
}

function guarded(
  resolve: GraphQLFieldResolver<unknown, SubgraphContext>,
  rules: readonly AccessRequirement[],
): GraphQLFieldResolver<unknown, SubgraphContext> {
  return (parent, args, context, info) => {
    checkAccess(rules, context.request.tenantContext);
    return resolve(parent, args, context, info);
  };
}

/** An entity is refused before its reference is read, so that its mere existence is not told either. */
function guardReference(type: GraphQLObjectType, rules: readonly AccessRequirement[]): void {
  const extensions: ApolloGraphQLObjectTypeExtensions<unknown, SubgraphContext> = type.extensions;
  const resolve: GraphQLReferenceResolver<SubgraphContext> = extensions.apollo?.subgraph?.resolveReference ?? ((reference) => reference);
  const resolveReference: GraphQLReferenceResolver<SubgraphContext> = (reference, context, info) => {
    try {
      checkAccess(rules, context.request.tenantContext);
    } catch (refusal) {
      // Not thrown, so that one refusal does not fail the other entities of the request.
      return Promise.reject(refusal);
    }
    return resolve(reference, context, info);
  };
  type.extensions = { ...extensions, apollo: { subgraph: { resolveReference } } };
}

function rulesOfType(type: GraphQLNamedType, schema: GraphQLSchema): AccessRequirement[] {
  const nodes: ASTNode[] = [...(type.astNode ? [type.astNode] : []), ...type.extensionASTNodes];
  const inherited = isObjectType(type) || isInterfaceType(type) ? type.getInterfaces() : [];
  return [...nodes.flatMap((node) => rulesOfNode(node, schema)), ...inherited.flatMap((parent) => rulesOfType(parent, schema))];
}

function rulesOfNode(node: ASTNode | null | undefined, schema: GraphQLSchema): AccessRequirement[] {
  const directives: readonly DirectiveNode[] = node && 'directives' in node ? (node.directives ?? []) : [];
  return directives.flatMap((directive) => {
    const name = specificationName(directive);
    if (name === 'authenticated') return [signedIn];
    return name === 'requiresScopes' ? [requiredScopes(directive, schema)] : [];
  });
}

function requiredScopes(directive: DirectiveNode, schema: GraphQLSchema): AccessRequirement {
  const definition = schema.getDirective(directive.name.value);
  const values = definition ? getDirectiveValues(definition, { directives: [directive] }) : undefined;
  return scopeLists.parse(values?.['scopes']);
}

/** `federation__authenticated` is `authenticated` that was not imported. */
function specificationName(directive: DirectiveNode): string {
  return directive.name.value.replace(/^federation__/, '');
}

function refuseUnenforceable(document: DocumentNode): void {
  visit(document, {
    Directive(directive) {
      if (specificationName(directive) === 'policy') {
        throw new SubgraphDefinitionError('@policy is not enforced by Tenantry: use @requiresScopes.');
      }
    },
    ObjectValue({ fields }) {
      const value = (name: string) => fields.find((field) => field.name.value === name)?.value;
      const name = value('name');
      if (value('as') && name?.kind === Kind.STRING && ['@authenticated', '@requiresScopes', '@policy'].includes(name.value)) {
        throw new SubgraphDefinitionError(`${name.value} must keep its name where it is imported: it is not enforced under another one.`);
      }
    },
  });
}

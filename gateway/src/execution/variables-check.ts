import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  isEnumType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type VariableDefinitionNode,
} from 'graphql';

/** Whether variables are for certain what an operation declares. False says nothing: graphql-js knows, and takes its time. */
export type AreSurelyFit = (variables: Readonly<Record<string, unknown>>) => boolean;

/** Compiles the check of those values that most variables have. What passes it would pass that of graphql-js. */
export function compileVariablesCheck(schema: GraphQLSchema, definitions: readonly VariableDefinitionNode[] = []): AreSurelyFit {
  const checks = definitions.map((definition) => compileDefinition(schema, definition));
  return (variables) => checks.every((isFit) => isFit(variables));
}

function compileDefinition(schema: GraphQLSchema, { variable, type: typeNode, defaultValue }: VariableDefinitionNode): AreSurelyFit {
  const type = typeFromAST(schema, typeNode);
  if (!isInputType(type)) return never;
  const name = variable.name.value;
  const isFit = compileValue(type);
  const mayBeAbsent = defaultValue !== undefined || !isNonNullType(type);
  return (variables) => (Object.hasOwn(variables, name) ? isFit(variables[name]) : mayBeAbsent);
}

type IsSurelyFit = (value: unknown) => boolean;

/** For what is rarely sent, such as input objects, or is not for us to judge, such as a schema's own scalars. */
const never: IsSurelyFit = () => false;

function compileValue(type: GraphQLInputType): IsSurelyFit {
  if (isNonNullType(type)) return compilePresent(type.ofType);
  const isFit = compilePresent(type);
  return (value) => value === null || isFit(value);
}

/** Of a value that is not null. */
function compilePresent(type: GraphQLInputType): IsSurelyFit {
  if (isEnumType(type)) return (value) => typeof value === 'string' && type.getValue(value) !== undefined;
  if (!isListType(type)) return scalarChecks.get(type) ?? never;
  const isFit = compileValue(type.ofType);
  // Of a list with holes, other methods pass over these, which are no values.
  return (value) => Array.isArray(value) && value.findIndex((item) => !isFit(item)) < 0;
}

/** 32 bits with a sign (GraphQL §3.5.1). */
const [leastInt, mostInt] = [-(2 ** 31), 2 ** 31 - 1];

const scalarChecks: ReadonlyMap<GraphQLInputType, IsSurelyFit> = new Map<GraphQLInputType, IsSurelyFit>([
  [GraphQLBoolean, (value) => typeof value === 'boolean'],
  [GraphQLFloat, (value) => Number.isFinite(value)],
  [GraphQLID, (value) => typeof value === 'string' || Number.isInteger(value)],
  [GraphQLInt, (value) => typeof value === 'number' && Number.isInteger(value) && value >= leastInt && value <= mostInt],
  [GraphQLString, (value) => typeof value === 'string'],
]);

import type { Correction } from './stock-modules.ts';

const name = 'a malformed value does not cost the whole answer';
const reason = 'Where a subgraph sends a value of another kind than its schema says, it gives up: no data, or no answer at all.';

/** A value that is neither list nor object where one has to be is an error at its place, and null. */
export const malformedData: readonly Correction[] = [
  {
    name,
    reason,
    file: 'resultShaping.js',
    edits: [
      {
        from: '    const data = Object.create(null);\n',
        to: '    const data = Object.create(null);\n    input = { ...input, __typename: operation.schema().schemaDefinition.rootType(operation.rootKind).name };\n',
      },
      {
        from: 'if (inputValue === null && responseName !== federation_internals_1.typenameFieldName) {',
        to: 'if (responseName !== federation_internals_1.typenameFieldName) {',
      },
      {
        from: '        (0, federation_internals_1.assert)(Array.isArray(inputValue), () => `Invalid non-list value ${inputValue} returned by subgraph for list type ${type}`);\n',
        to: notOfKind('!Array.isArray(inputValue)', 'Expected a list for'),
      },
      {
        from: "        (0, federation_internals_1.assert)(typeof inputValue === 'object', () => `Invalid non-object value ${inputValue} returned by subgraph for composite type ${type}`);\n",
        to: notOfKind("typeof inputValue !== 'object' || Array.isArray(inputValue)", 'Expected an object for'),
      },
      {
        from: "        (0, federation_internals_1.assert)(inputTypename === undefined || typeof inputTypename === 'string', () => `Invalid non-string value ${inputTypename} for __typename at ${path}`);\n",
        to: notOfKind("inputTypename && typeof inputTypename !== 'string'", 'Invalid __typename found for object at'),
      },
      {
        from: 'if (!typenameType || !(0, federation_internals_1.isCompositeType)(typenameType)) {',
        to: 'if (!typenameType || !(0, federation_internals_1.isCompositeType)(typenameType) || !(0, federation_internals_1.isSubtype)(type, typenameType)) {',
      },
    ],
  },
  {
    name,
    reason,
    file: 'dataRewrites.js',
    edits: [
      {
        from: '    if (typeCondition === objTypename) {',
        to: "    if (typeof objTypename !== 'string') return false;\n    if (typeCondition === objTypename) {",
      },
    ],
  },
  {
    name,
    reason,
    file: 'utilities/deepMerge.js',
    edits: [
      {
        from: 'if (target[key] && (0, predicates_1.isObject)(source[key])) {',
        to: 'if ((0, predicates_1.isObject)(target[key]) && (0, predicates_1.isObject)(source[key])) {',
      },
    ],
  },
  {
    name,
    reason,
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: '    if (path.length === 0)\n        return value;\n    if (value === undefined || value === null)\n        return value;\n',
        to: "    if (typeof value !== 'object' || value === null || Array.isArray(value) !== (path[0] === '@')) return undefined;\n    if (path.length === 0) return value;\n",
      },
      {
        from: '    if (data == null) {\n        return;\n    }\n',
        to: "    if (typeof data !== 'object' || data === null || Array.isArray(data) !== (head === '@')) return;\n",
      },
      {
        from: '    if (source === null) return null;',
        to: "    if (typeof source !== 'object' || source === null) return null;",
      },
      {
        from: '                const receivedEntities = dataReceivedFromService._entities;\n',
        to: `                const receivedEntities = dataReceivedFromService._entities;
                if (receivedEntities.length === representations.length && !receivedEntities.every((entity) => entity === null || (typeof entity === 'object' && !Array.isArray(entity))))
                    throw new Error('Expected "data._entities" in response to hold objects and nulls');
`,
      },
    ],
  },
];

function notOfKind(condition: string, message: string): string {
  return `        if (${condition}) {
            parameters.errors.push(federation_internals_1.ERRORS.INVALID_GRAPHQL.err(
                \`${message} \${pathLastElementDescription(path, type, parentType)}.\`, { path: Array.from(path) }));
            return { updated: null, hasErrors: true };
        }
`;
}

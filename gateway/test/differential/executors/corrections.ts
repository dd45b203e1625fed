import { malformedData } from './malformed-data-correction.ts';
import type { Correction } from './stock-modules.ts';

/** All known faults of the stock executor in which ours differs from it on purpose. */
export const corrections: readonly Correction[] = [
  {
    name: 'lists in lists are merged',
    reason: 'It merges lists by index, yet of lists in lists it keeps only what came last: fields of other subgraphs are lost.',
    file: 'utilities/deepMerge.js',
    edits: [
      {
        from: '                else {\n                    target[key][i] = source[key][i];',
        to: '                else if (Array.isArray(target[key][i])) {\n                    deepMerge(target[key], { [i]: source[key][i] });\n                }\n                else {\n                    target[key][i] = source[key][i];',
      },
    ],
  },
  {
    name: 'a requirement is picked out of lists in lists',
    reason: 'Of lists in lists it takes the inner lists for objects, finds nothing in them and sends null.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: '    if (source === null) {\n        return null;\n    }',
        to: '    if (source === null) return null;\n    if (Array.isArray(source)) return source.map((value) => executeSelectionSet(schema, value, selections));',
      },
    ],
  },
  {
    name: 'a fragment does not make the type unknown',
    reason:
      'Of an object without `__typename` it takes the condition of the innermost fragment for the type, even if that is an interface.',
    file: 'resultShaping.js',
    edits: [
      {
        from: 'function applySelectionSet({ input, selectionSet, output, parameters, path, parentType, }) {',
        to: 'function applySelectionSet({ input, selectionSet, output, parameters, path, parentType, objectType = parentType }) {',
      },
      {
        from: 'parentType: (_d = fragment.typeCondition) !== null',
        to: 'objectType: (0, federation_internals_1.isObjectType)(objectType) ? objectType : fragment.typeCondition ?? objectType,\nparentType: (_d = fragment.typeCondition) !== null',
      },
      { from: 'fragment.typeCondition, typename, parentType)', to: 'fragment.typeCondition, typename, objectType)' },
      { from: '_c !== void 0 ? _c : parentType', to: '_c !== void 0 ? _c : objectType' },
      { from: '                        : parentType;', to: '                        : objectType;' },
    ],
  },
  {
    name: 'the name of an interface object is no type',
    reason: 'Asked for `__typename`, a subgraph with `@interfaceObject` gives the name of the interface, and that replaces the type known.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: 'if (receivedEntity && !receivedEntity["__typename"]) {',
        to: 'if (receivedEntity && (typeof receivedEntity["__typename"] === "string" && (0, graphql_1.isInterfaceType)(context.supergraphSchema.getType(receivedEntity["__typename"])) || !receivedEntity["__typename"])) {',
      },
    ],
  },
  {
    name: 'an error of an entity is at that entity',
    reason:
      'The index in `_entities` counts representations; it is taken as one of all entities, also of those that gave none, and not of those ' +
      'that another fetch has replaced by null since.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: 'sendOperation({ ...variables, representations });',
        to: 'sendOperation({ ...variables, representations }, representationToEntity);',
      },
      { from: 'async function sendOperation(variables) {', to: 'async function sendOperation(variables, representationToEntity) {' },
      {
        from: 'makeLazyErrorPathGenerator(fetch, currentCursor);',
        to: 'makeLazyErrorPathGenerator(fetch, currentCursor, representationToEntity);',
      },
      {
        from: 'function makeLazyErrorPathGenerator(fetch, cursor) {',
        to: 'function makeLazyErrorPathGenerator(fetch, cursor, representationToEntity) {',
      },
      { from: 'hydratedPaths[errorPath[1]]', to: 'hydratedPaths[representationToEntity[errorPath[1]]]' },
      {
        from: 'generateHydratedPaths([], cursor.path, cursor.fullResult, hydratedPaths);',
        to: `generateHydratedPaths([], cursor.path, cursor.fullResult, hydratedPaths);
                const places = new Map();
                for (const path of hydratedPaths) places.set(path.entity, [...(places.get(path.entity) ?? []), path]);
                hydratedPaths = [cursor.data].flat().filter(array_1.isNotNullOrUndefined).map((entity) => places.get(entity)?.shift());`,
      },
      { from: 'result.push(parent.slice());', to: 'result.push(Object.assign(parent.slice(), { entity: data }));' },
      {
        from: 'return [...hydratedPath, ...errorPath.slice(2)];',
        to: `if (hydratedPath.length > 0) return [...hydratedPath, ...errorPath.slice(2)];
            return cursor.path.includes('@') ? cursor.path.slice(0, cursor.path.indexOf('@')) : cursor.path;`,
      },
    ],
  },
  {
    name: 'a path of a plan is none of a response',
    reason:
      'Of an error that names no entity it gives the path of the plan, with `@` and `_entities` in it, which say nothing to a client.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: "        if (fetch.requires && typeof (errorPath === null || errorPath === void 0 ? void 0 : errorPath[1]) === 'number') {",
        to: `        const namesEntity = errorPath?.[0] === '_entities' && representationToEntity?.[errorPath[1]] !== undefined;
        if (fetch.requires && errorPath?.[0] !== undefined && !namesEntity)
            return cursor.path.includes('@') ? cursor.path.slice(0, cursor.path.indexOf('@')) : cursor.path;
        if (fetch.requires && errorPath?.[0] !== undefined) {`,
      },
    ],
  },
  {
    name: 'as many entities are expected as there are representations',
    reason: 'It sends equal representations more than once, and so says another number when there is not one entity for each.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: 'to contain ${representations.length} elements',
        to: 'to contain ${new Set(representations.map((representation) => JSON.stringify(representation))).size} elements',
      },
    ],
  },
  {
    name: 'an object is of the type that its holder knows it by',
    reason:
      'Of an object without `__typename` it takes the type of the field that the selection is written against, which may be an interface that the holder’s own field narrows.',
    file: 'resultShaping.js',
    edits: [
      {
        from: '            path.push(responseName);\n',
        to: `            const ownField = (0, federation_internals_1.isUnionType)(objectType) ? undefined : objectType.field(field.name);
            for (const value of ownField ? [inputValue].flat(Infinity) : []) {
                if (typeof value === 'object' && value) (parameters.known ??= new WeakMap()).set(value, (0, federation_internals_1.baseType)(ownField.type));
            }
            path.push(responseName);
`,
      },
      { from: 'let objType = type;', to: 'let objType = parameters.known?.get(inputValue) ?? type;' },
    ],
  },
  {
    name: 'a renamed field keeps its value, whatever it is',
    reason: 'Where the types of a field differ so much that it is asked for under another name, it loses 0, false and the empty text.',
    file: 'dataRewrites.js',
    edits: [{ from: 'if (objAtPath) {', to: 'if (objAtPath !== undefined && objAtPath !== null) {' }],
  },
  {
    name: 'what was asked for under several names goes together',
    reason: 'A plan may ask for one field under several names, each with a part of what is selected of it; it keeps only the last.',
    file: 'dataRewrites.js',
    edits: [
      {
        from: 'obj[rewrite.renameKeyTo] = objAtPath;',
        to: `const present = obj[rewrite.renameKeyTo];
                    if (typeof present === 'object' && present) require('./utilities/deepMerge').deepMerge(obj, { [rewrite.renameKeyTo]: objAtPath });
                    else obj[rewrite.renameKeyTo] = objAtPath;`,
      },
    ],
  },
  {
    name: 'what cannot be asked for is not known to be null',
    reason:
      'Where the planner finds nothing to fetch, mostly since no subgraph has objects of the types asked for, it answers with nulls and no error.',
    file: 'executeQueryPlan.js',
    edits: [
      {
        from: '            const unfilteredData = Object.create(null);\n',
        to: `            const unfilteredData = Object.create(null);
            const values = { ...operation.collectDefaultedVariableValues(), ...requestContext.request.variables };
            const isKept = (directive) => {
                const given = directive.arguments().if;
                return (typeof given === 'boolean' ? given : values[given.name]) === (directive.name === 'include');
            };
            const given = { ...operation.collectDefaultedVariableValues(), ...requestContext.request.variables };
            const holds = (directive) => {
                const { if: condition } = directive.arguments();
                const value = condition instanceof federation_internals_1.Variable ? given[condition.name] : condition;
                return directive.name === 'skip' ? !value : directive.name === 'include' ? value : true;
            };
            const asks = (selections) => selections.some(({ element, selectionSet, kind }) => element.appliedDirectives.every(holds)
                && (kind === 'FieldSelection' ? !element.name.startsWith('__') : asks(selectionSet.selections())));
            if (!queryPlan.node && asks(operation.selectionSet.selections()))
                return { data: null, errors: [new graphql_1.GraphQLError('There is no way to fetch anything of what the operation asks for.')] };
`,
      },
    ],
  },
  ...malformedData,
];

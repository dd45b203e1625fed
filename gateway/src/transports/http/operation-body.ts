import { LRUCache } from 'lru-cache';
import type { SubgraphOperation } from '../subgraph-transport.ts';

/** Characters of query text whose JSON is kept: plans repeat. */
const keptCharacters = 4 * 1024 * 1024;

/** Makes the function that writes an operation as the JSON body of a request (GraphQL over HTTP §5.4); each query text is quoted once. */
export function createBodyWriter(): (operation: SubgraphOperation) => string {
  const quoted = new LRUCache<string, string>({ maxSize: keptCharacters, sizeCalculation: (json) => json.length });
  const quote = (query: string): string => {
    const known = quoted.get(query);
    if (known !== undefined) return known;
    const json = JSON.stringify(query);
    quoted.set(query, json);
    return json;
  };
  return ({ query, operationName, variables, representations }) => {
    const name = operationName === undefined ? '' : `,"operationName":${JSON.stringify(operationName)}`;
    const values = variables === undefined ? '' : JSON.stringify(variables);
    const all = representations === undefined ? values : withRepresentations(values, representations);
    return `{"query":${quote(query)}${name}${all === '' ? '' : `,"variables":${all}`}}`;
  };
}

/** @param variables JSON of an object, or nothing */
function withRepresentations(variables: string, representations: string): string {
  const others = variables.slice(1, -1);
  return `{${others}${others === '' ? '' : ','}"representations":${representations}}`;
}

import type { FetchDataRewrite } from '@apollo/query-planner';
import { isJsonObject, ownValue, setOwnValue, type JsonObject } from '../json.ts';
import type { ObjectTypes } from '../object-types.ts';
import { mergeInto } from './merge.ts';

/** Changes what goes to a subgraph, or what came from it, in place. */
export type Rewrite = (value: unknown) => void;

type Change = (object: JsonObject) => void;

/** How a plan writes that a part of a path applies to objects of one type only. */
const typePrefix = '... on ';

/** Compiles a fetch's rewrites into one function; undefined when there is nothing to change. */
export function compileRewrites(rewrites: readonly FetchDataRewrite[] | undefined, types: ObjectTypes): Rewrite | undefined {
  if (!rewrites || rewrites.length === 0) return undefined;
  const compiled = rewrites.map((rewrite) => compileRewrite(rewrite, types));
  return (value) => {
    for (const rewrite of compiled) rewrite(value);
  };
}

function compileRewrite(rewrite: FetchDataRewrite, types: ObjectTypes): Rewrite {
  const key = rewrite.path.at(-1);
  if (key === undefined) return () => {};
  return rewrite.path.slice(0, -1).reduceRight<Rewrite>((next, step) => descend(step, next, types), onObjects(changeOf(rewrite, key)));
}

function changeOf(rewrite: FetchDataRewrite, key: string): Change {
  switch (rewrite.kind) {
    case 'ValueSetter':
      return (object) => setOwnValue(object, key, rewrite.setValueTo);
    case 'KeyRenamer':
      return (object) => {
        const value = ownValue(object, key);
        if (value === undefined || value === null) return;
        delete object[key];
        // A plan may ask for one field under several names, each with a part of what is selected of it.
        mergeInto(object, { [rewrite.renameKeyTo]: value });
      };
    default:
      return rewrite satisfies never;
  }
}

function descend(step: string, next: Rewrite, types: ObjectTypes): Rewrite {
  if (!step.startsWith(typePrefix)) return onObjects((object) => next(ownValue(object, step)));
  const typenames = types.satisfying(step.slice(typePrefix.length));
  return onObjects((object) => {
    const typename = object['__typename'];
    if (!typename || (typeof typename === 'string' && typenames.has(typename))) next(object);
  });
}

function onObjects(change: Change): Rewrite {
  return function apply(value) {
    if (Array.isArray(value)) value.forEach(apply);
    else if (isJsonObject(value)) change(value);
  };
}

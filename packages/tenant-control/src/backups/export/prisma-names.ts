/** What Prisma calls a table and its columns. */
interface ModelNames {
  readonly model: string;
  /** Names of fields by those of columns. */
  readonly fields: ReadonlyMap<string, string>;
}

/** By `schema.table`, where the schema is `public` unless `@@schema` names another. */
export type ModelsByTable = ReadonlyMap<string, ModelNames>;

const modelBlock = /^model\s+(\w+)\s*\{\s*$([\s\S]*?)^\}/gm;
const scalarField = /^\s+(\w+)\s+\w+(?:\(.*?\))?(?:\[\]|\?)?(?:\s|$)/;
const tableMap = /^\s+@@map\(\s*(?:name:\s*)?"([^"]+)"/m;
const schemaMap = /^\s+@@schema\(\s*(?:map:\s*)?"([^"]+)"/m;
const columnMap = /\s@map\(\s*(?:name:\s*)?"([^"]+)"/;

/** @param schema text of a `schema.prisma` */
export function readPrismaNames(schema: string): ModelsByTable {
  const models = [...schema.matchAll(modelBlock)].map(([, model = '', body = '']) => {
    const table = `${schemaMap.exec(body)?.[1] ?? 'public'}.${tableMap.exec(body)?.[1] ?? model}`;
    return [table, { model, fields: fieldsOf(body) }] as const;
  });
  return new Map(models);
}

function fieldsOf(body: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of body.split('\n')) {
    const name = scalarField.exec(line)?.[1];
    // A relation has no column of its name, so that its entry is never asked for.
    if (name !== undefined) fields.set(columnMap.exec(line)?.[1] ?? name, name);
  }
  return fields;
}

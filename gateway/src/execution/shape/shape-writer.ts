import type { CompositeShape, FieldShape, LeafKind, ListShape, ObjectShape, ValueShape } from './response-shape.ts';

/** Names that every object inherits: only an object's own property counts, and none is written as a plain key. */
const inheritedNames: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Writes the functions that shape a response, and in them the names `raise`, `orNull`, `own` and `enums` of what they are given. */
export class ShapeWriter {
  readonly enums: ReadonlySet<string>[] = [];
  /** Names of functions by what they do, each after those that it calls. */
  readonly #functions = new Map<string, string>();
  readonly #objectFunctions = new Map<ObjectShape, string>();

  get declarations(): string {
    return [...this.#functions].map(([code, name]) => `function ${name}${code}`).join('\n');
  }

  /** Declares `(value, introspection) → object`, and gives its name. */
  objectFunction(shape: ObjectShape): string {
    const known = this.#objectFunctions.get(shape) ?? this.#writeObject(shape);
    this.#objectFunctions.set(shape, known);
    return known;
  }

  #writeObject({ fields }: ObjectShape): string {
    const reads = fields.map((field, index) => `  const field${index} = ${read(field)};`);
    const properties = fields.map((field, index) => {
      return `    ${keyOf(field)}: ${field.kind === 'value' ? this.#complete(field.value, `field${index}`) : `field${index}`},`;
    });
    return this.#declare('value, introspection', [...reads, '  return {', ...properties, '  };']);
  }

  #declare(parameters: string, lines: readonly string[]): string {
    const code = `(${parameters}) {\n${lines.join('\n')}\n}`;
    const name = this.#functions.get(code) ?? `shape${this.#functions.size}`;
    this.#functions.set(code, name);
    return name;
  }

  /** An expression for the completed value of what a variable holds. */
  #complete(shape: ValueShape, variable: string): string {
    const missing = shape.isNonNull ? 'raise()' : `orNull(${variable})`;
    switch (shape.kind) {
      case 'leaf':
        return `${this.#leafTest(shape.leaf, variable)} ? ${variable} : ${missing}`;
      case 'list':
        return `Array.isArray(${variable}) ? ${this.#listFunction(shape)}(${variable}) : ${missing}`;
      case 'composite':
        return `typeof ${variable} === 'object' && ${variable} !== null ? ${this.#compositeFunction(shape)}(${variable}) : ${missing}`;
      default:
        return shape satisfies never;
    }
  }

  #leafTest(leaf: LeafKind, variable: string): string {
    switch (leaf.kind) {
      case 'any':
        return `${variable} !== undefined && ${variable} !== null`;
      case 'Boolean':
        return `typeof ${variable} === 'boolean'`;
      case 'Int':
        return `Number.isSafeInteger(${variable})`;
      case 'Float':
        return `Number.isFinite(${variable})`;
      case 'String':
        return `typeof ${variable} === 'string'`;
      case 'ID':
        return `(typeof ${variable} === 'string' || Number.isSafeInteger(${variable}))`;
      case 'enum':
        return `enums[${this.#placeOf(leaf.values)}].has(${variable})`;
      default:
        return leaf satisfies never;
    }
  }

  #listFunction({ item }: ListShape): string {
    const completed = this.#complete(item, 'item');
    return this.#declare('list', [
      '  const completed = [];',
      '  for (let index = 0; index < list.length; index += 1) {',
      '    const item = list[index];',
      `    completed.push(${completed});`,
      '  }',
      '  return completed;',
    ]);
  }

  #placeOf(values: ReadonlySet<string>): number {
    const place = this.enums.indexOf(values);
    return place === -1 ? this.enums.push(values) - 1 : place;
  }

  /** By the object's `__typename`. An array is an object, too, and has none of the fields. */
  #compositeFunction({ objects }: CompositeShape): string {
    const cases = objects.typenames.map((typename) => {
      return `    case ${JSON.stringify(typename)}: return ${this.objectFunction(objects.of(typename)!)}(value);`;
    });
    return this.#declare('value', [
      '  if (Array.isArray(value)) raise();',
      '  switch (value.__typename) {',
      ...cases,
      `    case undefined: return ${this.objectFunction(objects.untyped)}(value);`,
      '    default: raise();',
      '  }',
    ]);
  }
}

function read(field: FieldShape): string {
  const name = JSON.stringify(field.responseName);
  if (field.kind === 'typename') return field.typename === null ? 'raise()' : JSON.stringify(field.typename);
  if (field.kind === 'introspection') return `introspection[${name}]`;
  return inheritedNames.has(field.responseName) ? `own(value, ${name})` : `value.${field.responseName}`;
}

/** In brackets `"__proto__"` is a property like any other. */
function keyOf({ responseName }: FieldShape): string {
  const name = JSON.stringify(responseName);
  return inheritedNames.has(responseName) ? `[${name}]` : name;
}

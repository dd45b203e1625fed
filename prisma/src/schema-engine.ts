import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The part of the WebAssembly API that is used here; TypeScript has it only together with all of the DOM. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

const panicRegistry = 'PRISMA_WASM_PANIC_REGISTRY';

let loaded: Promise<void> | undefined;

/**
 * Opens Prisma's own schema engine, the one behind `prisma migrate`, in this process, on the database that `adapter` connects to.
 * The caller frees it.
 */
export async function openSchemaEngine(adapter: SqlMigrationAwareDriverAdapterFactory): Promise<glue.SchemaEngine> {
  loaded ??= loadEngine();
  await loaded;
  return await glue.SchemaEngine.new({ datamodels: undefined }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter));
}

/** Joins the WebAssembly to its JavaScript by hand: the package's own entry imports a `.wasm` file, which Node does not do. */
async function loadEngine(): Promise<void> {
  const gluePath = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = await readFile(join(dirname(gluePath), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': importsOf(glue) });
  const start = instance.exports['__wbindgen_start'];
  if (typeof start !== 'function') throw new Error('@prisma/schema-engine-wasm is of another make than expected: no __wbindgen_start.');
  glue.__wbg_set_wasm(instance.exports);
  // Where the engine leaves the reason before it panics. Prisma's client has a registry of its own once it is loaded.
  if (!(panicRegistry in globalThis)) Object.assign(globalThis, { [panicRegistry]: { set_message: console.error } });
  start();
}

/** The engine never clears its timers, one of 10 seconds for each lock it takes: they must not keep a process from ending. */
function importsOf(functions: Record<string, unknown>): Record<string, unknown> {
  const imports = { ...functions };
  for (const [name, implementation] of Object.entries(functions)) {
    if (!name.startsWith('__wbg_setTimeout_') || typeof implementation !== 'function') continue;
    imports[name] = (callback: unknown, delayMs: number) => {
      const timer: NodeJS.Timeout = implementation(callback, delayMs);
      return timer.unref();
    };
  }
  return imports;
}

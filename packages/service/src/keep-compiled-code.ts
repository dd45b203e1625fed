/**
 * `node --import` loads this before anything else: Node then keeps the code that it compiles, for the next start, which takes about half of
 * the time. It is kept beside the packages: who can write there could change them, too.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/compiled-code'));

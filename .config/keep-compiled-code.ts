/** Runs in every worker of the tests: writes what Node has compiled, since a worker is ended by a signal and would not do so itself. */
import { flushCompileCache } from 'node:module';
import { afterAll } from 'vitest';

afterAll(() => flushCompileCache());

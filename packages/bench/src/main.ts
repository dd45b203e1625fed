import { StartError } from '@tenantry/service';
import { bench } from './bench.ts';
import { parseOptions, usage } from './options.ts';
import { stopSignal } from './stop-signal.ts';
import { suites } from './suites.ts';

if (process.argv.includes('--help')) {
  console.log(usage(suites));
} else {
  using stop = stopSignal();
  try {
    await bench(parseOptions(process.argv.slice(2), suites), stop.signal);
  } catch (error) {
    if (stop.signal.aborted) process.exitCode = 130;
    else if (error instanceof StartError) console.error(error.message);
    else console.error(error);
    process.exitCode ??= 1;
  }
}

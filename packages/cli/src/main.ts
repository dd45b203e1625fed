import { endWithOutput } from './output/lost-output.ts';
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

endWithOutput(process.stdout);
endWithOutput(process.stderr);
process.exitCode = await run(process.argv.slice(2), processTerminal());

import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

// Whoever reads the output may stop before its end: `tenantry tenants list | head`.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await run(process.argv.slice(2), processTerminal());

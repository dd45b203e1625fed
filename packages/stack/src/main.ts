import { createLogger, runService } from '@tenantry/service';
import { parseStartOptions, usage } from './start-options.ts';
import { start } from './start.ts';

if (process.argv.includes('--help')) {
  console.log(usage);
} else {
  await runService(async () => {
    const options = parseStartOptions(process.argv.slice(2), process.env);
    return await start(options, createLogger({ service: 'tenantry', level: options.logLevel, pretty: true }));
  });
}

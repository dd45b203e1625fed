import { createLogger, runService } from '@tenantry/service';
import { readGatewayConfig } from './config.ts';
import { startGatewayProcess } from './gateway-process.ts';

await runService(async () => {
  const config = readGatewayConfig(process.env);
  const logger = createLogger({ service: 'gateway', level: config.logLevel, pretty: config.mode === 'development' });
  return await startGatewayProcess(config, logger);
});

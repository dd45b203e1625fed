/** Serves one subgraph over HTTP: `node packages/subgraph-kit/src/main.ts NAME`. */
import { createLogger, runService } from '@tenantry/service';
import { readSubgraphConfig } from './config.ts';
import { SubgraphDefinitionError } from './errors.ts';
import { startSubgraph } from './start-subgraph.ts';

await runService(async () => {
  const name = process.argv[2];
  if (!name) throw new SubgraphDefinitionError('Name the subgraph to serve, as its folder is called: main.ts NAME');
  const config = readSubgraphConfig(name, process.env);
  const logger = createLogger({ service: name, level: config.logLevel, pretty: config.mode === 'development' });
  return await startSubgraph(name, config, logger);
});

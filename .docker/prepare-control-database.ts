/** Brings the control database to the schema of this release: what the service `setup` of docker-compose.yml runs before the others. */
import { parseEnvironment, variable } from '../packages/service/src/index.ts';
import { prepareControlDatabase } from '../packages/tenant-control/src/index.ts';

const { CONTROL_DATABASE_URL } = parseEnvironment(
  { CONTROL_DATABASE_URL: variable.url('URL of the control database', 'postgres:', 'postgresql:') },
  process.env,
);
await prepareControlDatabase(CONTROL_DATABASE_URL);
console.log('The control database is ready.');

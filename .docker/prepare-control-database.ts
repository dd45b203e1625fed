/**
 * Brings the control database to the schema of this release and lets the services' role in: what the service `setup` of
 * docker-compose.yml runs before the others. Without `CONTROL_DATABASE_OWNER_URL` the services' role is the owner, too.
 */
import { parseEnvironment, variable } from '../packages/service/src/index.ts';
import { prepareControlDatabase } from '../packages/tenant-control/src/index.ts';

const { CONTROL_DATABASE_OWNER_URL: ownerUrl, CONTROL_DATABASE_URL: serviceUrl } = parseEnvironment(
  {
    CONTROL_DATABASE_OWNER_URL: variable.url('URL of the control database, as its owner', 'postgres:', 'postgresql:').optional(),
    CONTROL_DATABASE_URL: variable.url('URL of the control database, as the services have it', 'postgres:', 'postgresql:'),
  },
  process.env,
);
if (ownerUrl === undefined) await prepareControlDatabase(serviceUrl);
else await prepareControlDatabase(ownerUrl, { serviceRole: decodeURIComponent(new URL(serviceUrl).username) });
console.log('The control database is ready.');

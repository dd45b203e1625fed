/**
 * `measured-child (dump|restore|export) STORE KEY`: does that with the database of DATABASE_URL, and prints by how many bytes the most that
 * the process ever took of memory exceeds what it took when all code was loaded and had been used once, on the database of WARM_UP_URL.
 */
import { dumpDatabase } from '../dump-database.ts';
import { exportData } from '../export/export-data.ts';
import { restoreDatabase } from '../restore-database.ts';
import { openBackupStore } from '../stores/open-store.ts';
import { backupStoreVariable } from '../stores/store-config.ts';

const [deed, storeUrl, key = ''] = process.argv.slice(2);
const { DATABASE_URL = '', WARM_UP_URL = '' } = process.env;
await using store = await openBackupStore(backupStoreVariable.parse(storeUrl));

const deeds: Record<string, (url: string, key: string) => Promise<unknown>> = {
  dump: async (url, to) => await dumpDatabase({ url, store, key: to, tenantId: 'one' }),
  restore: async (url, from) => await restoreDatabase({ url, store, key: from, migrationFolders: [], migrateForward: false }),
  export: async (url, to) => await exportData({ url, store, key: to, tenantId: 'one', prismaSchema: '' }),
};
const doIt = deeds[deed ?? ''];
if (!doIt) throw new Error(`measured-child does not know how to ${deed}`);

const sampleIntervalMs = 10;
let most = 0;
const sample = () => void (most = Math.max(most, process.memoryUsage.rss()));

if (deed === 'restore') await dumpDatabase({ url: WARM_UP_URL, store, key: `${key}-small`, tenantId: 'one' });
await doIt(WARM_UP_URL, `${key}-small`);
const before = process.memoryUsage.rss();
const sampling = setInterval(sample, sampleIntervalMs);
await doIt(DATABASE_URL, key);
clearInterval(sampling);
sample();
console.log(most - before);

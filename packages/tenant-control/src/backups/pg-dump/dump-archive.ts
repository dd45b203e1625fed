import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { DumpOptions } from '../dump-database.ts';
import { writeManifest, type ArchiveManifest, type StoredManifest } from '../manifest.ts';
import { describeDatabase, discard, readTables } from '../read-data.ts';
import { withSnapshot } from '../session.ts';
import { assertClient, startClient } from './postgres-client.ts';

const archiveFile = 'database.pgdump';

/**
 * Has `pg_dump` make the archive out of a snapshot of ours, of which the manifest's counts and checksums are taken as well: whatever the
 * archive is restored to can be compared with them.
 *
 * @throws {BackupFormatError} when there is no `pg_dump` that is at least as new as the server
 */
export async function dumpArchive({ url, store, key, tenantId, ...work }: DumpOptions): Promise<StoredManifest<ArchiveManifest>> {
  const startedAt = new Date().toISOString();
  const content = await withSnapshot(url, work.signal, async (client) => {
    const description = await describeDatabase(client);
    const clientVersion = await assertClient('pg_dump', { 'the server': description.postgresVersion });
    const snapshot = await exportSnapshot(client);
    const hash = createHash('sha256');
    let bytes = 0;
    const archive = runPgDump(url, snapshot, work.signal, (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    await store.put(`${key}/${archiveFile}`, archive, work.signal);
    const tables = await readTables(client, () => discard, work);
    return { ...description, clientVersion, archive: { file: archiveFile, bytes, sha256: hash.digest('hex') }, tables };
  });
  const times = { startedAt, finishedAt: new Date().toISOString() };
  const body = { format: 'PG_DUMP', tenantId, ...content, ...times, storedBytes: content.archive.bytes } as const;
  return await writeManifest(store, key, body, work.signal);
}

/** For as long as the transaction is open, others may use its snapshot. */
async function exportSnapshot(client: Client): Promise<string> {
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
  return rows[0]?.snapshot ?? '';
}

/** Ends only once `pg_dump` has said that it is done, and fails when it has not: what is stored is whole. */
async function* runPgDump(
  url: string,
  snapshot: string,
  signal: AbortSignal | undefined,
  onChunk: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  // The administrator's schema, which holds how the pooler signs in, is not the tenant's.
  const args = ['--format=custom', `--snapshot=${snapshot}`, '--no-owner', '--no-privileges', '--exclude-schema=tenantry'];
  const { stdin, stdout, done } = startClient('pg_dump', args, url, signal);
  stdin.end();
  for await (const chunk of stdout) {
    onChunk(chunk);
    yield chunk;
  }
  await done;
}

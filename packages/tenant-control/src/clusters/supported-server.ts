import { UnsupportedServerError } from '../errors.ts';

/** The oldest PostgreSQL that tenants' databases may be on. */
const oldestVersion = 15;

/** @param version of the server: 15 for 15.8 @throws {UnsupportedServerError} */
export function assertSupported(clusterName: string, version: number): void {
  if (version < oldestVersion) throw new UnsupportedServerError(clusterName, version, oldestVersion);
}

import { parseJson } from '@tenantry/service';
import { z } from 'zod';
import type { PoolLimits } from '../limits.ts';

const form = 'a whole number above 0, or JSON with one for each cluster, for example {"standard": 100, "premium": 40}';
const connections = z.int().min(1);
const connectionsByCluster = z
  .record(z.string().min(1), connections)
  .refine((byCluster) => Object.keys(byCluster).length > 0)
  .readonly();

/** `CLUSTER_CONNECTIONS`: connections to each cluster over all processes, as one number or by the clusters' names. */
export const clusterConnectionsVariable = z
  .string()
  .describe(form)
  .transform((text, check): PoolLimits['connectionsPerCluster'] => {
    const parsed = z.union([connections, connectionsByCluster]).safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    check.addIssue(`must be ${form}`);
    return z.NEVER;
  });

import { Counter, Histogram, type Registry } from 'prom-client';

/**
 * Where the answer to a lookup came from. `negative`: it was known that there is no such tenant. `failed`: there was none.
 * Callers that share a read of Redis or the source count each.
 */
export type LookupAnswer = 'memory' | 'redis' | 'source' | 'negative' | 'failed';

/** The tenant directory's metrics; one directory to a registry. */
export class DirectoryMetrics {
  readonly lookups: Counter<'answer'>;
  readonly sourceRead: Histogram;
  readonly invalidations: Counter<'scope'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.lookups = new Counter({
      name: 'tenantry_directory_lookups_total',
      help: 'Lookups of where a tenant is, by where the answer came from.',
      labelNames: ['answer'],
      registers,
    });
    this.sourceRead = new Histogram({
      name: 'tenantry_directory_source_read_seconds',
      help: 'Time of a read of the catalog, whether or not it succeeded.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.invalidations = new Counter({
      name: 'tenantry_directory_invalidations_total',
      help: 'Changes heard of, by scope: of one tenant, or of all because messages may have been lost.',
      labelNames: ['scope'],
      registers,
    });
  }

  answered(answer: LookupAnswer): void {
    this.lookups.inc({ answer });
  }
}

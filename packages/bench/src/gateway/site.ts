import { z } from 'zod';

/** What every gateway of a run is given. */
export const siteSchema = z.object({
  /** File of the supergraph, which says where each subgraph is. */
  supergraphPath: z.string(),
  subgraphs: z.array(z.object({ name: z.string(), schemaPath: z.string(), url: z.string() })),
  /** Whose tokens are good. */
  tokens: z.object({ jwksUri: z.string(), issuer: z.string(), audience: z.string() }),
});

export type Site = z.infer<typeof siteSchema>;

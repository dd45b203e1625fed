import { z } from 'zod';

/** What a rotation starts from. */
const rotationInput = z.object({
  tenantId: z.string(),
  slug: z.string(),
  clusterName: z.string(),
  databaseName: z.string(),
  /** The role that owns the database. */
  roleName: z.string(),
  /** The role that signs in until the switch, and the one that does from then on. */
  oldLogin: z.string(),
  newLogin: z.string(),
  /** Of the credentials until the switch. */
  credentialVersion: z.int(),
  /** Whether the old login is closed as soon as it is replaced, whoever uses it. */
  atOnce: z.boolean(),
});

export type RotationInput = z.output<typeof rotationInput>;

export function parseRotation(input: unknown): RotationInput {
  return rotationInput.parse(input);
}

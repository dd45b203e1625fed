import { TenantTier } from '@tenantry/prisma/control';
import { parseJson } from '@tenantry/service';
import { z } from 'zod';

/** How often tenants of a tier are backed up, and for how long that is kept. */
export interface TierPolicy {
  /** Hours after which the last good backup is too old. Null: backed up by hand only. */
  readonly everyHours: number | null;
  /** Days for which a backup is kept that nobody has made by hand. */
  readonly keepDays: number;
}

export type BackupPolicy = Readonly<Record<TenantTier, TierPolicy>>;

export const defaultBackupPolicy: BackupPolicy = {
  STANDARD: { everyHours: 24, keepDays: 14 },
  PREMIUM: { everyHours: 6, keepDays: 35 },
};

const example = JSON.stringify(defaultBackupPolicy);
const mostHours = 8760;
const mostDays = 3650;
const hoursRule = `must be a whole number of hours from 1 to ${mostHours}, or null for none`;
const daysRule = `must be a whole number of days from 1 to ${mostDays}`;

const tierPolicy = z.strictObject(
  {
    everyHours: z.int(hoursRule).min(1, hoursRule).max(mostHours, hoursRule).nullable(),
    keepDays: z.int(daysRule).min(1, daysRule).max(mostDays, daysRule),
  },
  'must be an object with "everyHours" and "keepDays", and nothing else',
);

/** `BACKUP_POLICY`: JSON by tier; one that is left out is as by default. */
export const backupPolicyVariable = z
  .string()
  .describe(`JSON that says how often the tenants of each tier are backed up, for example ${example}`)
  .transform((text, check): BackupPolicy => {
    const { success, data, error } = z.partialRecord(z.enum(TenantTier), tierPolicy).safeParse(parseJson(text));
    if (success) return { ...defaultBackupPolicy, ...data };
    const where = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ');
    check.addIssue(`must be JSON such as ${example} (${where})`);
    return z.NEVER;
  });

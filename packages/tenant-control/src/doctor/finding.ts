/** How much it matters. */
export type Severity =
  /** A tenant is not served as it should be, or could reach what is not its own. */
  | 'error'
  /** Something takes up room, or will be an error if nobody looks. */
  | 'warning'
  /** Known and left alone. */
  | 'info';

/** One thing in which the catalog and reality differ. */
export interface Finding {
  readonly severity: Severity;
  /** What kind of thing it is, for scripts: `orphan-database`. */
  readonly kind: FindingKind;
  /** Null for what concerns the control database. */
  readonly cluster: string | null;
  readonly tenantId: string | null;
  /** For people to read: what is there, and what should be. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Mends it. Null where that needs a decision. Looks again before it acts. */
  readonly fix: (() => Promise<void>) | null;
}

export type FindingKind =
  | 'cluster-unknown'
  | 'cluster-unreachable'
  | 'orphan-database'
  | 'orphan-role'
  | 'unknown-database'
  | 'unknown-role'
  | 'missing-database'
  | 'missing-role'
  | 'open-database'
  | 'closed-database'
  | 'wrong-owner'
  | 'login-refused'
  | 'leftover-login'
  | 'schema-behind'
  | 'schema-ahead'
  | 'sealed-password'
  | 'stuck-saga'
  | 'stuck-tenant'
  | 'shelf-leftover'
  | 'old-template'
  | 'open-move'
  | 'second-database'
  | 'move-leftover'
  | 'scratch-leftover'
  | 'restore-leftover'
  | 'abandoned-backup'
  | 'missing-backup'
  | 'overdue-backup'
  | 'backup-elsewhere';

/** A {@link Finding} after it was reported, and perhaps mended. */
export interface Diagnosis extends Omit<Finding, 'fix'> {
  readonly outcome: 'found' | 'fixed' | 'fix-failed';
  /** Whether `--fix` would mend it. */
  readonly isFixable: boolean;
}

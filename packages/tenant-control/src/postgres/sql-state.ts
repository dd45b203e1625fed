/** The error codes of Postgres that are told apart here (PostgreSQL manual, appendix A). */
export const sqlState = {
  databaseMissing: '3D000',
  databaseExists: '42P04',
  uniqueViolation: '23505',
  lockNotAvailable: '55P03',
  insufficientPrivilege: '42501',
} as const;

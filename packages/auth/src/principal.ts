/** What a verified token says of its bearer. */
export interface Principal {
  /** `iss` and `sub` (RFC 7519 §4.1): together they name a person or a machine for ever. */
  readonly issuer: string;
  readonly subject: string;
  /** The tenant that the token speaks for; null for a platform operator. */
  readonly tenantId: string | null;
  /** OAuth scopes (RFC 8693 §4.2). */
  readonly scopes: readonly string[];
  readonly email: string | null;
  /** Whether the issuer vouches for `email` (OpenID Connect Core §5.1). */
  readonly emailVerified: boolean;
  /** When the token expires (`exp`), in seconds since 1970 (RFC 7519 §2); null for a principal that no token stands for. */
  readonly expiresAt: number | null;
}

/** Scopes of platform operators, who have no tenant of their own. */
export const operatorScope = {
  readTenants: 'tenants:read',
  writeTenants: 'tenants:write',
  impersonate: 'tenants:impersonate',
} as const;

/** Whether `scope` is a platform operator's: a token that speaks for a tenant never keeps one. */
export function isOperatorScope(scope: string): boolean {
  return scope.startsWith('tenants:');
}

export { prepareDemo, type DemoTenant } from './demo.ts';
export { generateSecrets, type Secrets } from './secrets.ts';
export type { TokenClaims } from './development-tokens.ts';
export { startStack, type Stack, type StackOptions } from './stack.ts';

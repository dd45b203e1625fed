export { prepareDemo, type DemoTenant } from './demo.ts';
export { generateSecrets, type Secrets } from './secrets.ts';
export { startStack, type Stack, type StackOptions, type TokenClaims } from './stack.ts';

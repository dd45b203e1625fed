export { ConfigError, parseEnvironment, variable, type Environment, type Mode } from './config.ts';
export {
  BadInputError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  TenantryError,
  UnauthenticatedError,
  type ErrorCode,
  type TenantryErrorOptions,
} from './errors.ts';
export { runService } from './lifecycle.ts';
export { createLogger, silentLogger, type Logger } from './logger.ts';
export { startOperationsServer } from './operations-server.ts';
export { keyRingVariable, seal, unseal, UnsealError, type KeyRing } from './sealing.ts';
export { StartError } from './start-error.ts';

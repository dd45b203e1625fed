export { parseEnvironment, variable, type Environment, type Mode } from './config.ts';
export {
  BadInputError,
  ConfigError,
  ConflictError,
  ForbiddenError,
  NotFoundError,
  PortInUseError,
  StartError,
  TenantryError,
  UnauthenticatedError,
  UnsealError,
  type ErrorCode,
  type TenantryErrorOptions,
} from './errors.ts';
export { runService } from './lifecycle.ts';
export { listen, type ListenOptions } from './listen.ts';
export { createLogger, silentLogger, type Logger } from './logger.ts';
export { startOperationsServer } from './operations-server.ts';
export { keyRingVariable, seal, unseal, type KeyRing } from './sealing.ts';
export { canonicalUuid } from './uuid.ts';

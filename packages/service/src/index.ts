export { abandonable } from './abandonable.ts';
export { acceptHttp2 } from './accept-http2.ts';
export { clientSignal } from './client-signal.ts';
export { parseEnvironment, variable, type Environment, type Mode } from './config.ts';
export { describeError, type ErrorDescription } from './describe-error.ts';
export { drainConnections } from './drain-connections.ts';
export {
  BadInputError,
  ConfigError,
  ConflictError,
  faultMessage,
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
export { runService, serveUntilStopped } from './lifecycle.ts';
export { listen, type ListenOptions } from './listen.ts';
export { createLogger, silentLogger, type Logger } from './logger.ts';
export { startOperationsServer } from './operations-server.ts';
export { parseJson } from './parse-json.ts';
export { processConfig, processVariables, type ProcessConfig } from './process-variables.ts';
export { requestDeadline } from './request-deadline.ts';
export { fitRequestId, requestIdHeader, requestIdOf } from './request-id.ts';
export { keyRingVariable, seal, sealingKeyId, unseal, type KeyRing } from './sealing.ts';
export { TalliedHistogram, type TalliedHistogramOptions } from './tallied-histogram.ts';
export { canonicalUuid } from './uuid.ts';

import type { Logger } from '@tenantry/service';

export interface ApolloLogger {
  debug(message?: unknown): void;
  info(message?: unknown): void;
  warn(message?: unknown): void;
  error(message?: unknown): void;
}

/** What Apollo's libraries find informative is detail here. */
export function apolloLogger(logger: Logger): ApolloLogger {
  return {
    debug: (message) => logger.trace(String(message)),
    info: (message) => logger.debug(String(message)),
    warn: (message) => logger.warn(String(message)),
    error: (message) => logger.error(String(message)),
  };
}

import type { ClientConfig } from 'pg';

const connectDeadlineMs = 5000;
/** Milliseconds that the control database gets to answer. */
const answerDeadlineMs = 2000;

/** How the control database is reached for messages, which are small and not waited for long. */
export function channelConnection(connectionString: string, applicationName: string): ClientConfig {
  return {
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: connectDeadlineMs,
    query_timeout: answerDeadlineMs,
    keepAlive: true,
  };
}

import { createLogger, silentLogger, type Logger } from '@tenantry/service';
import type { Catalog, TenantControl } from '@tenantry/tenant-control';
import { openInstallation, type OpenInstallation } from './installation.ts';
import { chooseEnvironment } from './settings/choose-environment.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** Folder of the development stack that is meant. */
  readonly data?: string;
}

/** One invocation: where it writes, how it was asked to, and the installation that it works on, opened when it is first needed. */
export class Session implements AsyncDisposable {
  readonly terminal: Terminal;
  /** As far as they are known: a command line that is wrong has none. */
  options: GlobalOptions = {};
  #installation: OpenInstallation | undefined;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** The variables that say which installation is meant. @throws {NoInstallationError} */
  environment() {
    return chooseEnvironment(this.terminal, this.options.data);
  }

  /** @throws {ConfigError} {NoInstallationError} */
  catalog(): Catalog {
    return this.#open().catalog();
  }

  /** @throws {ConfigError} {NoInstallationError} */
  async control(): Promise<TenantControl> {
    return await this.#open().control();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#installation?.[Symbol.asyncDispose]();
  }

  #open(): OpenInstallation {
    return (this.#installation ??= openInstallation(this.environment(), this.#logger()));
  }

  /** What a command has to say it says itself. */
  #logger(): Logger {
    return this.options.verbose ? createLogger({ service: 'tenantry', level: 'debug', pretty: true, output: 'stderr' }) : silentLogger;
  }
}

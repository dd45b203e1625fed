import { StartError } from '@tenantry/service';

/** Raised when the port asked for is taken. */
export class PortInUseError extends StartError {
  readonly port: number;

  constructor(port: number, what: string) {
    super(`Port ${port}, meant for ${what}, is in use by another program.`);
    this.port = port;
  }
}

/** Raised when another Postgres, most likely of an earlier start, runs on the data folder. */
export class DataDirectoryInUseError extends StartError {
  readonly dataDirectory: string;

  constructor(dataDirectory: string, processId: number | null) {
    const process = processId === null ? '' : ` (process ${processId})`;
    super(`Another Postgres${process} runs on ${dataDirectory}: stop it, or choose another folder.`);
    this.dataDirectory = dataDirectory;
  }
}

/** Raised when the data folder was made with another administrator's password than the one given. */
export class AdministratorPasswordError extends StartError {
  constructor(dataDirectory: string, options?: ErrorOptions) {
    super(`Postgres refuses its administrator's password: ${dataDirectory} was made with another one.`, options);
  }
}

/** Raised when a test server cannot be had in one way; the next way may do. The message is a reason: "no Docker daemon answers". */
export class ServerAbsentError extends Error {
  override readonly name = 'ServerAbsentError';
}

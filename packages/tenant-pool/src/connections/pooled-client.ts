import { Client, DatabaseError, type ClientConfig, type PoolConfig } from 'pg';
import { signInByScram, type Password } from './scram-sign-in.ts';

/** What becomes of a pool's connections, told as it happens. */
export interface ConnectionWatcher {
  /** Before a connection is made. */
  onStart: (client: Client) => void;
  /** When it has been made. */
  onOpen?: () => void;
  /** When it begins to close, or cannot be made: from now on it serves nobody. */
  onLeave: () => void;
  /** When it has closed; {@link ConnectionWatcher.onLeave} was called. */
  onEnd: (client: Client) => void;
}

/** How a connection is made. */
export interface ConnectionConfig extends ClientConfig {
  password?: Password;
}

/** Options of a `pg.Pool` whose `Client` is {@link PooledClient}: the pool hands them to each. */
export interface PooledClientOptions extends PoolConfig {
  /** Of each connection; what the pool itself was given is not looked at. */
  connection: ConnectionConfig;
  watcher: ConnectionWatcher;
}

/** What `pg.Pool` passes: it looks at the error only. */
type ConnectCallback = (error: Error) => void;
/** The status of a session that is in no transaction (PostgreSQL, 54.7, "ReadyForQuery"). */
const idle = 'I';

type Release = (error?: Error | boolean) => void;

/** Milliseconds after which a connection that was told to close, and did not hear of it, is cut off. */
const closeDeadlineMs = 2000;

/**
 * A pool's connection. It says when it begins and ends, and ends even when the server is gone. Back into the pool it goes when it is in
 * no transaction, also when its statement was refused; `pg.Pool` by itself would close each connection whose statement failed, and keep
 * one on which a transaction was left open.
 */
export class PooledClient extends Client {
  readonly #watcher: ConnectionWatcher;
  readonly #password: Password | undefined;
  #release: Release | undefined;
  /**
   * Whether a statement was done since the server last said how it left the session: whatever is refused then was sent along with it, and
   * may be in a transaction that it began.
   */
  #isHalfDone = false;
  #hasLeft = false;

  /** @param options those of the pool, which hands them over though its type does not say so */
  constructor(options?: PooledClientOptions) {
    if (!options) throw new TypeError('The options of the pool are missing.');
    const { connection, watcher } = options;
    super(connection);
    this.#watcher = watcher;
    this.#password = connection.password;
    watcher.onStart(this);
    // `pg.Pool` listens while a connection is idle, and whoever has it while it works; in between nobody would, and Node.js would end.
    this.on('error', () => {});
    this.connection.on('commandComplete', () => (this.#isHalfDone = true));
    this.connection.on('readyForQuery', () => (this.#isHalfDone = false));
    this.once('end', () => {
      this.#leave();
      watcher.onEnd(this);
    });
  }

  get release(): Release | undefined {
    return this.#release;
  }

  /** Set by `pg.Pool` each time it hands the connection out. */
  set release(release: Release) {
    this.#release = (error) => {
      // A refused statement is released at its refusal, before the server says whether it left a transaction open: `BEGIN; SELECT 1/0`.
      const isWhole = !error || (isRefusal(error) && !this.#isHalfDone);
      release(isWhole && this.getTransactionStatus() === idle ? undefined : (error ?? true));
    };
  }

  override connect(): Promise<Client>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<Client> | void {
    if (!callback) return super.connect();
    let isTold = false;
    try {
      super.connect((error: Error) => {
        // `pg` calls again when a welcome comes along with what it has just told of as an error.
        if (isTold) return;
        isTold = true;
        if (error) this.#abandon();
        else this.#watcher.onOpen?.();
        callback(error);
      });
      signInByScram(this, this.#password);
    } catch (error) {
      // A port that is none: `pg` does not listen to the socket yet, and would never say that the connection ended.
      this.#abandon();
      this.emit('end');
      process.nextTick(callback, error);
    }
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    this.#leave();
    const late = setTimeout(() => this.connection.stream.destroy(), closeDeadlineMs).unref();
    this.once('end', () => clearTimeout(late));
    return callback ? super.end(callback) : super.end();
  }

  /** `pg.Pool` forgets a connection that could not be made; its server may have refused it and left it open, or be gone. */
  #abandon(): void {
    this.#leave();
    this.connection.stream.destroy();
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#watcher.onLeave();
  }
}

/** Whether the server refused a statement and nothing else: severity `ERROR` ends no session (PostgreSQL, 20.8.2). */
function isRefusal(error: Error | boolean): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}

import { Client, DatabaseError, type ClientConfig } from 'pg';

export interface PooledClientOptions {
  /** Of each connection; what the pool itself was given is not looked at. */
  config: ClientConfig;
  /** Told before a connection is made. */
  onStart: (client: Client) => void;
  /** Told when it begins to close, or cannot be made: from now on it serves nobody. */
  onLeave: () => void;
  /** Told when it has closed; {@link onLeave} was called. */
  onEnd: (client: Client) => void;
}

/** What `pg.Pool` passes: it looks at the error only. */
type ConnectCallback = (error: Error) => void;
/** The status of a session that is in no transaction (PostgreSQL, 54.7, "ReadyForQuery"). */
const idle = 'I';

type Release = (error?: Error | boolean) => void;

/** Milliseconds after which a connection that was told to close, and did not hear of it, is cut off. */
const closeDeadlineMs = 2000;

/**
 * Makes the class of a pool's connections. They say when they begin and end, and end even when the server is gone. Back into the
 * pool goes a connection that is in no transaction, also when its statement was refused; `pg.Pool` by itself would close each
 * connection whose statement failed, and keep one on which a transaction was left open.
 */
export function pooledClient({ config, onStart, onLeave, onEnd }: PooledClientOptions): new () => Client {
  return class PooledClient extends Client {
    #release: Release | undefined;
    #isLent = true;
    #hasLeft = false;

    constructor() {
      super(config);
      onStart(this);
      // `pg.Pool` listens while a connection is idle, and whoever has it while it works; in between nobody would, and Node.js would end.
      this.on('error', () => {});
      this.connection.on('readyForQuery', ({ status }: { status?: unknown }) => this.#onReady(status));
      this.once('end', () => {
        this.#leave();
        onEnd(this);
      });
    }

    get release(): Release | undefined {
      return this.#release;
    }

    /** Set by `pg.Pool` each time it hands the connection out. */
    set release(release: Release) {
      this.#isLent = true;
      this.#release = (error) => {
        this.#isLent = false;
        const isClean = this.getTransactionStatus() === idle && (!error || isRefusal(error));
        release(isClean ? undefined : (error ?? true));
      };
    }

    override connect(): Promise<Client>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<Client> | void {
      if (!callback) return super.connect();
      super.connect((error: Error) => {
        if (error) this.#abandon();
        callback(error);
      });
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

    /** A refused statement is released at its refusal, before the server says whether it left a transaction open: `BEGIN; SELECT 1/0`. */
    #onReady(status: unknown): void {
      if (!this.#isLent && status !== idle) this.emit('error', new Error('A transaction was left open on the connection.'));
    }

    #leave(): void {
      if (this.#hasLeft) return;
      this.#hasLeft = true;
      onLeave();
    }
  };
}

/** Whether the server refused a statement and nothing else: severity `ERROR` ends no session (PostgreSQL, 20.8.2). */
function isRefusal(error: Error | boolean): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}

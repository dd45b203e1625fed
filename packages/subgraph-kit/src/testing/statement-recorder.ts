import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A statement that a server was asked to run. */
export interface RecordedStatement {
  readonly database: string;
  readonly sql: string;
}

export interface StatementRecorder extends AsyncDisposable {
  /** As the server's own URL, through the recorder. */
  readonly url: string;
  /**
   * What `work` made the server run, in whatever database, but for transaction control, and what processes do of their own accord
   * meanwhile: they share connections, see whether somebody still listens, tell those who subscribe, record who is in use, and look for
   * work that was left.
   */
  record(work: () => Promise<unknown>): Promise<RecordedStatement[]>;
}

/**
 * Stands between clients and a Postgres server and reads their statements off the wire, so that a count is the server's own and
 * not that of a library's hook.
 */
export async function startStatementRecorder(serverUrl: string): Promise<StatementRecorder> {
  const target = new URL(serverUrl);
  const statements: RecordedStatement[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const reader = new FrontendMessages((statement) => statements.push(statement));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    }
    client.on('data', (chunk) => reader.push(chunk));
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${portOf(server)}`;
  return {
    url: url.href,
    record: async (work) => {
      const start = statements.length;
      await work();
      return statements.slice(start).filter(({ sql }) => !aside.test(sql));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Statements that are not counted. */
const aside =
  /^(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)\b|^SELECT 1$|\b(?:connection_shares|tenantry_shares|tenantry_events|last_active_at = now|FROM sagas\s+WHERE state IN|shelf)\b/i;

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The recorder does not listen on a port.');
  return address.port;
}

/** Reads the messages that a client sends (PostgreSQL's frontend/backend protocol 3.0, "Message Formats"). */
class FrontendMessages {
  readonly #onStatement: (statement: RecordedStatement) => void;
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  #database = '';
  #hasStarted = false;
  #rest = Buffer.alloc(0);

  constructor(onStatement: (statement: RecordedStatement) => void) {
    this.#onStatement = onStatement;
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const header = this.#hasStarted ? 1 : 0;
      if (this.#rest.length < header + 4) return;
      const end = header + this.#rest.readInt32BE(header);
      if (this.#rest.length < end) return;
      const body = this.#rest.subarray(header + 4, end);
      if (header === 0) this.#start(body);
      else this.#read(String.fromCodePoint(this.#rest[0] ?? 0), body);
      this.#rest = this.#rest.subarray(end);
    }
  }

  #start(body: Buffer): void {
    const words = body.subarray(4).toString().split('\0');
    this.#database = words[words.indexOf('database') + 1] ?? '';
    this.#hasStarted = true;
  }

  #read(type: string, body: Buffer): void {
    const [first = '', second = ''] = body.toString().split('\0', 2);
    if (type === 'Q') this.#run(first);
    if (type === 'P') this.#prepared.set(first, second);
    if (type === 'B') this.#portals.set(first, this.#prepared.get(second) ?? '');
    if (type === 'E') this.#run(this.#portals.get(first) ?? '');
  }

  #run(sql: string): void {
    this.#onStatement({ database: this.#database, sql });
  }
}

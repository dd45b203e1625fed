import { Client, type ClientConfig } from 'pg';

export interface ListeningClientOptions {
  /** Of a direct connection: `LISTEN` does not pass through a pooler in transaction mode. */
  connection: ClientConfig;
  channel: string;
  /** Told what was published; null where that was nothing. */
  onMessage: (payload: string | null) => void;
  /** Told why the connection was lost, before it emits `end`. */
  onError: (error: Error) => void;
}

/** Milliseconds that a server gets to take leave, before it is taken to be gone. */
const farewellMs = 1000;

/** Connects a client that hears what is published on `channel`. @throws when it cannot be connected */
export async function connectListener({ connection, channel, onMessage, onError }: ListeningClientOptions): Promise<Client> {
  const client = new Client(connection);
  client.on('error', onError);
  client.on('notification', ({ payload }) => onMessage(payload ?? null));
  try {
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    return client;
  } catch (error) {
    await endClient(client);
    throw error;
  }
}

/** Ends a client, also one whose server does not answer. Does not fail. */
export async function endClient(client: Client): Promise<void> {
  const late = setTimeout(() => client.connection.stream.destroy(), farewellMs);
  await client.end();
  clearTimeout(late);
}

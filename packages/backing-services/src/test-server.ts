import { ServerAbsentError } from './errors.ts';
import type { TestServerSettings } from './test-server-settings.ts';

/** A server that a test run uses. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** What it is, with its version: `embedded 18.4`. */
  readonly description: string;
}

type RunningServer = Pick<TestServer, 'url' | typeof Symbol.asyncDispose>;

/** One way to come by a server. `open` throws a {@link ServerAbsentError} where this machine does not have it. */
export interface Way {
  kind: 'url' | 'docker' | 'embedded';
  /** For people: `Docker (redis:8)`. */
  name: string;
  open: () => Promise<RunningServer>;
}

/** The way to a server that runs already. */
export function byUrl(variableName: string, url: string | null): Way {
  const open = async () => {
    if (url === null) throw new ServerAbsentError(`${variableName} is not set`);
    return { url, [Symbol.asyncDispose]: async () => {} };
  };
  return { kind: 'url', name: variableName, open };
}

/**
 * Goes the first of `ways` that this machine has.
 *
 * @param checkVersion gives the version of the server at a URL, and throws if tests cannot use it
 * @throws {ServerAbsentError} with each way's reason
 */
export async function openFirst(
  ways: readonly Way[],
  only: TestServerSettings['only'],
  checkVersion: (url: string) => Promise<string>,
): Promise<TestServer> {
  const reasons: string[] = [];
  for (const way of ways) {
    if (only !== null && way.kind !== only) continue;
    try {
      return await openChecked(way, checkVersion);
    } catch (error) {
      if (!(error instanceof ServerAbsentError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new ServerAbsentError(reasons.join(', '));
}

async function openChecked(way: Way, checkVersion: (url: string) => Promise<string>): Promise<TestServer> {
  const server = await way.open();
  try {
    const description = `${way.name} ${await checkVersion(server.url)}`;
    return { url: server.url, description, [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose]() };
  } catch (cause) {
    await server[Symbol.asyncDispose]();
    throw new Error(`${way.name} cannot be used for tests: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ServerAbsentError } from './errors.ts';

/** A server in a container, reachable from here at `url`. */
export interface Container extends AsyncDisposable {
  readonly url: string;
}

/** Starts Postgres, without durability, from a Docker image. @throws {ServerAbsentError} */
export async function startPostgresContainer(image: string, maxConnections: number): Promise<Container> {
  return await inDocker(image, async () => {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    const settings = [`max_connections=${maxConnections}`, 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
    const container = await new PostgreSqlContainer(image)
      .withUsername('postgres')
      .withPassword(randomBytes(16).toString('hex'))
      .withDatabase('postgres')
      .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
      .start();
    return { url: container.getConnectionUri(), [Symbol.asyncDispose]: async () => void (await container.stop()) };
  });
}

/** Starts Redis, without persistence, from a Docker image. @throws {ServerAbsentError} */
export async function startRedisContainer(image: string): Promise<Container> {
  return await inDocker(image, async () => {
    const { RedisContainer } = await import('@testcontainers/redis');
    const container = await new RedisContainer(image).withPassword(randomBytes(16).toString('hex')).start();
    return { url: container.getConnectionUrl(), [Symbol.asyncDispose]: async () => void (await container.stop()) };
  });
}

async function inDocker(image: string, start: () => Promise<Container>): Promise<Container> {
  if (!(await dockerAnswers())) throw new ServerAbsentError('no Docker daemon answers');
  try {
    return await start();
  } catch (cause) {
    const reason = `Docker answers, but cannot run ${image} (${cause instanceof Error ? cause.message : String(cause)})`;
    console.warn(reason);
    throw new ServerAbsentError(reason, { cause });
  }
}

async function dockerAnswers(): Promise<boolean> {
  if (!hasDockerAddress()) return false;
  const { getContainerRuntimeClient } = await import('testcontainers');
  return await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** Spares a machine without Docker the second or more that it takes to load `testcontainers`, which knows these places, too. */
function hasDockerAddress(): boolean {
  const { DOCKER_HOST, XDG_RUNTIME_DIR, TESTCONTAINERS_HOST_OVERRIDE } = process.env;
  if (DOCKER_HOST || TESTCONTAINERS_HOST_OVERRIDE) return true;
  const home = homedir();
  return [
    '/var/run/docker.sock',
    join(home, '.testcontainers.properties'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`, 'docker.sock'),
  ].some((path) => existsSync(path));
}

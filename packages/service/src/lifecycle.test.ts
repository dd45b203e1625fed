import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';

/** A real process that runs a service, and whatever it has written so far. */
class ServiceProcess implements AsyncDisposable {
  output = '';
  errors = '';
  readonly #child;
  readonly #closed;

  /** @param statements must define `start`; `setInterval` keeps a service alive as a server's socket would */
  constructor(statements: string) {
    const index = JSON.stringify(new URL('index.ts', import.meta.url).href);
    const source = `import { ConfigError, createLogger, runService, StartError } from ${index};\n${statements}\nawait runService(start);`;
    this.#child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (chunk) => (this.output += String(chunk)));
    this.#child.stderr.on('data', (chunk) => (this.errors += String(chunk)));
    this.#closed = once(this.#child, 'close');
  }

  async hasWritten(text: string): Promise<void> {
    await vi.waitUntil(() => this.output.includes(text), { timeout: 10_000 });
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit status; null when a signal killed it. */
  async status(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

const start = `
  const start = async () => {
    const work = setInterval(() => {}, 1000);
    console.log('started');
    return { [Symbol.asyncDispose]: async () => { clearInterval(work); console.log('disposed'); } };
  };
`;

const startThatStopsIn = (ms: number) => `
  const start = async () => {
    console.log('started');
    const work = setInterval(() => {}, 1000);
    return { [Symbol.asyncDispose]: async () => {
      console.log('stopping');
      await new Promise((resolve) => setTimeout(resolve, ${ms}));
      clearInterval(work);
      console.log('disposed');
    } };
  };
`;

describe('a service', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is disposed of at %s, and its process ends well', async (signal) => {
    await using service = new ServiceProcess(start);
    await service.hasWritten('started');
    service.send(signal);
    expect(await service.status()).toBe(0);
    expect(service.output).toBe('started\ndisposed\n');
    expect(service.errors).toBe('');
  });

  it('that is told to stop while it starts is disposed of once it has started', async () => {
    await using service = new ServiceProcess(`
      console.log('starting');
      const start = async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { [Symbol.asyncDispose]: async () => console.log('disposed') };
      };
    `);
    await service.hasWritten('starting');
    await sleep(50);
    service.send('SIGTERM');
    expect(await service.status()).toBe(0);
    expect(service.output).toBe('starting\ndisposed\n');
  });

  it('finishes its stop when the same signal comes twice at once, as from a terminal through a package manager', async () => {
    await using service = new ServiceProcess(startThatStopsIn(300));
    await service.hasWritten('started');
    service.send('SIGINT');
    await service.hasWritten('stopping');
    service.send('SIGINT');
    expect(await service.status()).toBe(0);
    expect(service.output).toContain('disposed');
  });

  it('that does not stop ends at a second signal', async () => {
    await using service = new ServiceProcess(startThatStopsIn(60_000));
    await service.hasWritten('started');
    service.send('SIGTERM');
    await service.hasWritten('stopping');
    await sleep(1200);
    service.send('SIGTERM');
    expect(await service.status()).toBe(1);
    expect(service.output).not.toContain('disposed');
  });

  it('whose stop fails says so and ends badly', async () => {
    await using service = new ServiceProcess(`
      const start = async () => {
        console.log('started');
        const work = setInterval(() => {}, 1000);
        return { [Symbol.asyncDispose]: async () => { clearInterval(work); throw new Error('the stop broke'); } };
      };
    `);
    await service.hasWritten('started');
    service.send('SIGTERM');
    expect(await service.status()).toBe(1);
    expect(service.errors).toContain('the stop broke');
  });
});

describe('a service that cannot start', () => {
  it('for want of configuration prints what is wrong, no stack, and exits with 78', async () => {
    await using service = new ServiceProcess("const start = async () => { throw new ConfigError(['PORT: x', 'KEY is missing']); };");
    expect(await service.status()).toBe(78);
    expect(service.errors).toBe('The environment is not usable:\n  PORT: x\n  KEY is missing\n');
  });

  it('for a reason that a person can mend prints just that', async () => {
    await using service = new ServiceProcess("const start = async () => { throw new StartError('Port 4000 is in use.'); };");
    expect(await service.status()).toBe(1);
    expect(service.errors).toBe('Port 4000 is in use.\n');
  });

  it('for any other reason prints all there is to know', async () => {
    await using service = new ServiceProcess(
      "const start = async () => { throw new Error('broken', { cause: new Error('the cause') }); };",
    );
    expect(await service.status()).toBe(1);
    expect(service.errors).toMatch(/broken[^]*at start[^]*the cause/);
  });
});

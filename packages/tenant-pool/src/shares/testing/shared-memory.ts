import type { ClaimsSwap, ClaimStore, StoredClaims } from '../claim-store.ts';
import { silenceMs, type Pulse } from '../claims.ts';

/** A store of one cluster's claims within this process, which can fail its users as one across a network does. */
export class SharedMemory {
  readonly isDurable: boolean;
  claims: string | null = null;
  pulse: Pulse | null = null;
  readonly connections = new Set<MemoryConnection>();
  /** Nobody is answered. */
  isAway = false;
  readonly #latencies: readonly number[];
  #calls = 0;

  /** @param latencies milliseconds that a request or a reply is under way, in turn */
  constructor(isDurable: boolean, latencies: readonly number[]) {
    this.isDurable = isDurable;
    this.#latencies = latencies;
  }

  connect(): MemoryConnection {
    const connection = new MemoryConnection(this);
    this.connections.add(connection);
    return connection;
  }

  hear(member: string): StoredClaims {
    const now = Date.now();
    const { now: last, since, heardAt } = this.pulse ?? { now, since: this.isDurable ? 0 : now, heardAt: {} };
    const wasSilent = Object.keys(heardAt).length > 0 && now - last > silenceMs;
    this.pulse = { now, since: wasSilent ? now : since, heardAt: { ...heardAt, [member]: now } };
    return { claims: this.claims, pulse: this.pulse };
  }

  swap({ from, to, gone, isNews }: ClaimsSwap): boolean {
    if (this.claims !== from) return false;
    this.claims = to;
    const signs = Object.entries(this.pulse?.heardAt ?? {}).filter(([member]) => !gone.includes(member));
    if (this.pulse) this.pulse = { ...this.pulse, heardAt: Object.fromEntries(signs) };
    if (isNews) for (const connection of this.connections) void connection.hearNews();
    return true;
  }

  /** As after a restart without persistence. */
  forget(): void {
    this.claims = null;
    this.pulse = null;
  }

  async delay(): Promise<void> {
    const ms = this.#latencies[this.#calls++ % this.#latencies.length];
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** One process's way to the memory. */
export class MemoryConnection implements ClaimStore {
  /** What becomes of the next call: `request` fails before it has an effect, `reply` after. */
  nextLoss: 'request' | 'reply' | null = null;
  /** The process is dead: its calls have no effect any more, and no end. */
  isCut = false;
  readonly #memory: SharedMemory;
  #listener: (cluster: string | null) => void = () => {};

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  get isDurable(): boolean {
    return this.#memory.isDurable;
  }

  async hear(_cluster: string, member: string): Promise<StoredClaims> {
    return await this.#call(() => this.#memory.hear(member));
  }

  async swap(_cluster: string, swap: ClaimsSwap): Promise<boolean> {
    return await this.#call(() => this.#memory.swap(swap));
  }

  async hearNews(): Promise<void> {
    await this.#memory.delay();
    this.#listener(null);
  }

  onNews(listener: (cluster: string | null) => void): void {
    this.#listener = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#memory.connections.delete(this);
  }

  async #call<Reply>(action: () => Reply): Promise<Reply> {
    const loss = this.nextLoss;
    this.nextLoss = null;
    await this.#memory.delay();
    await this.#end();
    if (loss === 'request' || this.#memory.isAway) throw new Error('the request was lost');
    const reply = action();
    await this.#memory.delay();
    await this.#end();
    if (loss === 'reply') throw new Error('the reply was lost');
    return reply;
  }

  /** Never, for who is dead. */
  async #end(): Promise<void> {
    if (this.isCut) await new Promise(() => {});
  }
}

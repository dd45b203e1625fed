import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { changeClaims, type ClaimStore } from './claim-store.ts';
import { heartbeatMs, leave, startingShare, takeTurn, type Turn } from './claims.ts';
import type { ClusterShare } from './share-register.ts';

export interface MembershipOptions {
  cluster: string;
  /** Connections over all processes, as far as this one knows. */
  total: number;
  store: ClaimStore;
  onShare: (share: number) => void;
  onTurn: (turn: Turn) => void;
  /** Told whenever the store did not answer. */
  onFailure: (error: unknown) => void;
  /** Told when it has left. */
  onLeave: () => void;
}

/**
 * A process as a member of a cluster. It takes a turn each second, when there is news, and when it holds less than it claims.
 *
 * It never holds more than the store has as its claim: a claim is raised before the share is, and lowered after.
 */
export class ClusterMembership implements ClusterShare {
  readonly #options: MembershipOptions;
  // Host and process are for people who look into the store.
  readonly #id = `${hostname()}:${process.pid}:${randomBytes(6).toString('base64url')}`;
  #share = 0;
  /** Connections that may have been left of larger shares. */
  #held = 0;
  /** What the store has as this process's claim, as far as is known; null before the first turn. */
  #claim: number | null = null;
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #left: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get cluster(): string {
    return this.#options.cluster;
  }

  get share(): number {
    return this.#share;
  }

  /** Resolves after the first turn; others follow until this is disposed of. */
  async start(): Promise<void> {
    const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
    this.#running = this.#takeTurns(onBegun);
    await begun;
  }

  report(held: number): void {
    this.#held = held;
    if (this.#mayHold() < (this.#claim ?? 0)) this.lookAgain();
  }

  /** Takes a turn now, or another one after the present one. */
  lookAgain(): void {
    this.#wake.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#left ??= this.#leave());
  }

  async #takeTurns(onBegun: () => void): Promise<void> {
    const hasJoined = await this.#takeTurn();
    if (!hasJoined) this.#adopt(0, startingShare(this.#options.total));
    onBegun();
    while (!this.#left) {
      await this.#rest();
      if (!this.#left) await this.#takeTurn();
    }
  }

  async #rest(): Promise<void> {
    const heartbeat = setTimeout(() => this.#wake.resolve(), heartbeatMs).unref();
    await this.#wake.promise;
    clearTimeout(heartbeat);
    this.#wake = Promise.withResolvers();
  }

  /** @returns whether the store answered */
  async #takeTurn(): Promise<boolean> {
    const { cluster, total, store, onTurn, onFailure } = this.#options;
    const request = () => ({ id: this.#id, held: this.#claim === null ? null : this.#mayHold(), total });
    const turn = await changeClaims(store, cluster, this.#id, (claims, pulse) => takeTurn(claims, pulse, request())).catch(onFailure);
    if (!turn) return false;
    onTurn(turn);
    this.#adopt(turn.claim, turn.share);
    return true;
  }

  #mayHold(): number {
    return Math.max(this.#share, this.#held);
  }

  #adopt(claim: number, share: number): void {
    this.#claim = claim;
    if (this.#left || share === this.#share) return;
    this.#held = this.#mayHold();
    this.#share = share;
    this.#options.onShare(share);
  }

  async #leave(): Promise<void> {
    const { cluster, store, onFailure, onLeave } = this.#options;
    this.lookAgain();
    await this.#running;
    this.#share = 0;
    await changeClaims(store, cluster, this.#id, (claims) => leave(claims, this.#id)).catch(onFailure);
    onLeave();
  }
}

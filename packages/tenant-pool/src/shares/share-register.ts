/**
 * Where the processes that use the same clusters (subgraphs, workers, replicas of either) agree on how many connections each of them
 * may hold, so that together they never hold more than a cluster's total.
 *
 * A process that joins gets connections only as the others have said that they hold no more than their smaller share. One that
 * leaves frees its share at once, one that dies within seconds.
 *
 * While the register does not answer, shares stay as they are: nobody gets more. A process that begins in that time, or right after a
 * register in Redis was restarted empty, has 1/16 of the total, one connection at least, until the register knows better.
 *
 * So the sum exceeds the total only by what such beginners have, and by what a process holds that counts as dead and is not: one that
 * alone was cut off from the register, or halted, for longer than 5 seconds. Either ends as soon as the register has heard of it:
 * the process claims what it holds, and all of them come down to a fair share.
 */
export interface ShareRegister extends AsyncDisposable {
  /**
   * Joins the processes that use a cluster; each call is a member of its own. Where members differ about `total`, the smallest holds.
   * Does not wait for the share to grow to what is fair, and does not fail when the register does not answer.
   *
   * @param total connections to the cluster over all processes, at least 1
   * @param onShare told whenever the share, which is 0 at first, has changed, also before the promise resolves; must not throw
   * @throws {RangeError} when `total` is no whole number above 0
   */
  join(cluster: string, total: number, onShare: (share: number) => void): Promise<ClusterShare>;
}

/** One process's part in a cluster. To dispose of it is to leave: no connection may be left by then. */
export interface ClusterShare extends AsyncDisposable {
  /** Connections that this process may hold now; 0 while others still hold what is to become its own, or are too many. */
  readonly share: number;
  /**
   * Says that this process now holds `held` connections at most, those being made and those still closing included. To be called
   * when a smaller share comes, and then whenever a connection has closed: what is beyond the share stays claimed until this says
   * that it is gone. Costs nothing when there is nothing to tell.
   */
  report(held: number): void;
}

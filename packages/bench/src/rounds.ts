export interface Turn<Contender> {
  contender: Contender;
  /** From 1. */
  round: number;
}

/**
 * Each contender once a round, in an order that turns round every time: what drifts during a run, such as the machine's
 * temperature or its other work, favours none.
 */
export function alternated<Contender>(contenders: readonly Contender[], rounds: number): Turn<Contender>[] {
  return Array.from({ length: rounds }, (_, index) => {
    const order = index % 2 === 0 ? contenders : contenders.toReversed();
    return order.map((contender) => ({ contender, round: index + 1 }));
  }).flat();
}

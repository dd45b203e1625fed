/** Arguments that name one thing; also an entity's reference, by its key. */
export interface Reference {
  readonly id: string;
}

/** Arguments of a mutation that takes an input. */
export interface Input<Value> {
  readonly input: Value;
}

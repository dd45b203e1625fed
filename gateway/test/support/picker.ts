import * as fc from 'fast-check';

/** The random choices that make one generated value. */
export class Picker {
  readonly #generate: fc.GeneratorValue;

  constructor(generate: fc.GeneratorValue) {
    this.#generate = generate;
  }

  /** @throws {Error} when there is nothing to pick from */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.integer(0, values.length - 1)];
    if (value === undefined) throw new Error('There is nothing to pick from.');
    return value;
  }

  /** Between `min` and `max`, both included. */
  integer(min: number, max: number): number {
    return min + this.#generate(fc.nat, { max: Math.max(0, max - min) });
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.integer(1, 100) <= percent;
  }

  /** At least `min` of the values, in their order; all where there are fewer. */
  some<Value>(values: readonly Value[], min: number): Value[] {
    const left = [...values];
    const dropped = this.integer(0, Math.max(0, values.length - min));
    for (let count = 0; count < dropped; count++) left.splice(this.integer(0, left.length - 1), 1);
    return left;
  }
}

import { Histogram, type HistogramConfiguration, type LabelValues } from 'prom-client';

declare module 'prom-client' {
  interface Histogram<T extends string> {
    /** What registries and `get` tell of a histogram by; its declarations leave it out. */
    getForPromString(): Promise<Omit<Awaited<ReturnType<Histogram<T>['get']>>, 'values'> & { values: Sample[] }>;
  }
}

/** A value of one series, with the labels that all values of the series share. */
interface Sample {
  readonly metricName: string;
  readonly labels: { le?: number | '+Inf' };
  readonly sharedLabels: LabelValues<string>;
  readonly value: number;
}

export interface TalliedHistogramOptions<Label extends string> extends HistogramConfiguration<Label> {
  labelNames: readonly [Label, ...Label[]];
  /** Upper bounds, ascending. */
  buckets: number[];
}

/**
 * A histogram of what is observed many times a second: {@link TalliedHistogram.tally} counts, where `observe` works out anew each time
 * which series and bucket are meant, as strings. It is told of like any other histogram.
 */
export class TalliedHistogram<Label extends string> extends Histogram<Label> {
  readonly #options: TalliedHistogramOptions<Label>;
  #tallies: Tally;

  constructor(options: TalliedHistogramOptions<Label>) {
    super(options);
    this.#options = options;
    this.#tallies = new Tally({}, options.buckets);
  }

  /** Observes a finite value, of a series that `observe` is not used for. */
  tally(labels: Readonly<Record<Label, string>>, value: number): void {
    let tally = this.#tallies;
    for (const name of this.#options.labelNames) tally = tally.narrowed(name, labels[name]);
    tally.add(value);
  }

  override reset(): void {
    super.reset();
    // Also called before there is anything to forget, by the constructor that this one calls.
    if (#tallies in this) this.#tallies = new Tally({}, this.#options.buckets);
  }

  override async getForPromString(): ReturnType<Histogram<Label>['getForPromString']> {
    const { values, ...metric } = await super.getForPromString();
    return { ...metric, values: [...values, ...this.#tallies.samples(this.#options.name)] };
  }
}

/** The values observed of the series that have some labels; where those are all their labels, of the one series. */
class Tally {
  readonly #labels: LabelValues<string>;
  readonly #bounds: readonly number[];
  readonly #narrowed = new Map<string, Tally>();
  /** How many are within each bound and beyond the one before, and last those beyond all. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: LabelValues<string>, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  narrowed(label: string, value: string): Tally {
    const known = this.#narrowed.get(value);
    if (known) return known;
    const narrowed = new Tally({ ...this.#labels, [label]: value }, this.#bounds);
    this.#narrowed.set(value, narrowed);
    return narrowed;
  }

  add(value: number): void {
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  *samples(name: string): Generator<Sample, void> {
    if (this.#counts.some((count) => count > 0)) yield* this.#ownSamples(name);
    for (const narrowed of this.#narrowed.values()) yield* narrowed.samples(name);
  }

  *#ownSamples(name: string): Generator<Sample, void> {
    const sharedLabels = this.#labels;
    let value = 0;
    for (const [bucket, le] of [...this.#bounds, '+Inf' as const].entries()) {
      value += this.#counts[bucket] ?? 0;
      yield { metricName: `${name}_bucket`, labels: { le }, sharedLabels, value };
    }
    yield { metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sum };
    yield { metricName: `${name}_count`, labels: {}, sharedLabels, value };
  }
}

/** @throws when there are no values */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The median of what could be measured; null when nothing could. */
export function medianOfMeasured(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length > 0 ? median(measured) : null;
}

/**
 * The value below which the share `q` of the values lies, interpolated between neighbours.
 *
 * @throws when there are no values
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('There is no quantile of nothing.');
  return below + (above - below) * (position - Math.floor(position));
}

export interface Point {
  x: number;
  y: number;
}

/** Slope of the line that fits the points best (least squares); 0 when they have one x. */
export function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const covariance = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

/** @throws when there are no values */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('There is no mean of nothing.');
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

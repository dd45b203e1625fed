/** What an answer can be in instead of events. */
const otherTypes: ReadonlySet<string> = new Set(['application/json', 'application/graphql-response+json', 'application/*', '*/*']);

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/**
 * Whether a client would rather have events than JSON (RFC 9110 §12.5.1), of equals what it names first. Some accept both, for every
 * operation.
 */
export function prefersEvents(accept: string | undefined): boolean {
  if (!accept?.toLowerCase().includes('text/event-stream')) return false;
  const ranges = accept.split(',').map(readRange);
  const usable = ranges.filter(({ type, quality }) => quality > 0 && (type === 'text/event-stream' || otherTypes.has(type)));
  return usable.toSorted((left, right) => right.quality - left.quality)[0]?.type === 'text/event-stream';
}

function readRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}

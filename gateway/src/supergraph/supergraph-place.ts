import { fileSource } from './file-source.ts';
import type { SupergraphSource } from './supergraph-source.ts';
import { urlSource } from './url-source.ts';

/** Where a supergraph is that is not composed here. */
export type SupergraphPlace =
  | { readonly kind: 'file'; readonly path: string; readonly pollMs?: number }
  | { readonly kind: 'url'; readonly url: string; readonly token?: string; readonly pollMs?: number };

export function sourceAt(place: SupergraphPlace): SupergraphSource {
  return place.kind === 'file' ? fileSource(place) : urlSource(place);
}

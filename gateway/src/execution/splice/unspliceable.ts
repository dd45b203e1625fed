/** Why a response is not put together of pieces of the answers. */
export type UnspliceableReason =
  | 'nothing is fetched'
  | 'something is asked for that is not fetched'
  | 'something is deferred'
  | 'something is introspected'
  | 'what is asked for or answered is rewritten'
  | 'an object may be of several types'
  | 'a root field is fetched below the root'
  | 'objects are in lists in lists'
  | 'objects are told of by several answers'
  | 'a key or a requirement has objects in it'
  | 'there are too many fields'
  | 'the response is much longer than the answers'
  | 'a plan is not as plans are';

/** Thrown within this folder at what responses are not spliced of, though subgraphs and clients may well ask for it. */
export class Unspliceable extends Error {
  override readonly name = 'Unspliceable';
  readonly reason: UnspliceableReason;

  constructor(reason: UnspliceableReason) {
    super(`Not to be spliced: ${reason}.`);
    this.reason = reason;
  }
}

export function nullIfUnspliceable<Result>(make: () => Result): Result | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unspliceable) return null;
    throw error;
  }
}

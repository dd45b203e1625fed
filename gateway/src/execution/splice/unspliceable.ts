/** Thrown within this folder at what responses are not spliced of, though subgraphs and clients may well ask for it. */
export class Unspliceable extends Error {
  override readonly name = 'Unspliceable';
}

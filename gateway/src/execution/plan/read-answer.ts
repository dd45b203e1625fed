import { parseAnswer } from '../../transports/http/graphql-answer.ts';
import { isScanned } from '../../transports/scanned-answer.ts';
import type { SubgraphAnswer, SubgraphResult } from '../../transports/subgraph-transport.ts';

/** Parses an answer, if it was left as it came. */
export function readAnswer(answer: SubgraphAnswer): SubgraphResult {
  return isScanned(answer) ? parseAnswer(answer.bytes.toString(), 200) : answer;
}

import { expect, test } from 'vitest';
import { releaseAnswer, shareAnswer, type ScannedAnswer } from './scanned-answer.ts';

const long = 200_000;
const answerOf = (bytes: Buffer): ScannedAnswer => ({ bytes, tape: [], holders: 1 });

test('the memory of a long answer is given back by the last who has it', () => {
  const answer = answerOf(Buffer.alloc(long));
  shareAnswer(answer);
  releaseAnswer(answer);
  expect(answer.bytes).toHaveLength(long);
  releaseAnswer(answer);
  expect(answer.bytes).toHaveLength(0);
});

test('memory that has something else in it, or that is soon found, stays', () => {
  const around = Buffer.alloc(long + 1, 'a');
  const [part, short] = [answerOf(around.subarray(1)), answerOf(Buffer.alloc(100, 'b'))];
  for (const answer of [part, short]) releaseAnswer(answer);
  expect(part.bytes).toHaveLength(long);
  expect(around.toString('latin1')).toBe('a'.repeat(long + 1));
  expect(short.bytes).toHaveLength(100);
});

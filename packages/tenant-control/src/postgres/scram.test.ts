import { expect, test } from 'vitest';
import { scramVerifier } from './scram.ts';

test('a verifier is the one of RFC 7677 §3 for its example', () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(scramVerifier('pencil', salt, 4096)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('two verifiers of one password have different salts', () => {
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
});

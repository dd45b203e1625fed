const joiningScripts = [
  'Arabic',
  'Bengali',
  'Devanagari',
  'Gujarati',
  'Gurmukhi',
  'Kannada',
  'Khmer',
  'Malayalam',
  'Mongolian',
  'Myanmar',
  'Oriya',
  'Sinhala',
  'Syriac',
  'Tamil',
  'Telugu',
];

const afterJoiningScript = `(?<=[${joiningScripts.map((script) => String.raw`\p{Script=${script}}`).join('')}])`;
const joiner = String.raw`${afterJoiningScript}[\u200C\u200D]`;
const emojiJoiner = String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\uFE0F?)\u200D(?=\p{Extended_Pictographic})`;
const variationSelector = String.raw`(?<=[\p{Extended_Pictographic}\p{Script=Han}\p{Script=Mongolian}])\p{Variation_Selector}`;

/** Invisible characters where writing needs them: half-forms and conjuncts (RFC 5892 §A.1–2), joined emoji, variants of a glyph. */
const needed = new RegExp([joiner, emojiJoiner, variationSelector].join('|'), 'gu');

/** Bidirectional controls, zero-width characters, fillers and tags. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u;

/** Whether `text` holds characters that cannot be seen and may make it look like another text. */
export function hidesCharacters(text: string): boolean {
  return invisible.test(text.replaceAll(needed, ''));
}

/** Characters that no name may bring to a terminal, and text that has to stay as it is. */

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** By their names. */
export const UNPRINTABLE: readonly (readonly [string, string])[] = [
  ...range(0x00, 0x1f),
  ...range(0x7f, 0x9f),
  0x00ad,
  0x061c,
  0x180e,
  0x200b,
  0x200e,
  0x200f,
  ...range(0x2028, 0x202e),
  0x2060,
  ...range(0x2066, 0x2069),
  0xfeff,
  0xfdd0,
].map((code) => [`U+${code.toString(16).padStart(4, '0')}`, String.fromCodePoint(code)]);

export const PRINTABLE: readonly string[] = [
  'plain name-1.md',
  'Zürich, e\u0301t\u00e9, Ångström',
  'שלום עולם',
  'مرحبا بالعالم',
  'می\u200cخواهم',
  'क्\u200dष',
  '日本語のファイル',
  '👩\u200d💻 👨\u200d👩\u200d👧 🏳️\u200d🌈 👍🏽 ❤️\u200d🔥',
  '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  'C:\\new\\table',
];

/** The charset that a text file names for itself. Pure. */

/** HTML and editors look no further; XML's is in its first line. */
const HEAD_BYTES = 4096;
const TAIL_BYTES = 1024;

/** One UTF-16 unit for each byte: the places that name a charset are plain ASCII. */
const asLatin1 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

const NAME = String.raw`["']?\s*([\w.:+-]{2,40})`;
const HEAD_FORMS: readonly RegExp[] = [
  new RegExp(String.raw`^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*${NAME}`, 'i'),
  new RegExp(String.raw`^@charset\s+${NAME}`, 'i'),
  new RegExp(String.raw`<meta\s[^>]{0,300}?charset\s*=\s*${NAME}`, 'i'),
  // Python and Emacs, in one of the first two lines.
  /^(?:[^\n]*\n)?[^\n]*\bcoding[:=][ \t]*([\w.-]{2,40})/i,
  // Mail, and the catalogues of gettext.
  /\bContent-Type:\s*text\/[\w.+-]+;\s*charset=["']?([\w.:+-]{2,40})/i,
];
/** Vim, in the first or last lines. */
const MODELINE = /\b(?:vim?|ex):[^\n]{0,200}?\b(?:fileencoding|fenc)=([\w.-]{2,40})/i;

/** The name as it is written; null if there is none. */
export function declaredCharset(bytes: Uint8Array): string | null {
  const head = asLatin1(bytes.subarray(0, HEAD_BYTES)).replace(/^\xef\xbb\xbf/, '');
  for (const form of HEAD_FORMS) {
    const name = form.exec(head)?.[1];
    if (name !== undefined) return name;
  }
  return MODELINE.exec(head)?.[1] ?? MODELINE.exec(asLatin1(bytes.subarray(-TAIL_BYTES)))?.[1] ?? null;
}

/** Names that files use and a TextDecoder does not know. */
const ALSO: Readonly<Record<string, string>> = {
  cp932: 'shift_jis',
  'windows-932': 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  uhc: 'euc-kr',
  cp950: 'big5',
  cp866: 'ibm866',
  cp1250: 'windows-1250',
  latin0: 'iso-8859-15',
  latin9: 'iso-8859-15',
  'koi8-ru': 'koi8-u',
  eucjp: 'euc-jp',
  euckr: 'euc-kr',
  sjis: 'shift_jis',
  tis620: 'windows-874',
};

/** The name of the decoder for a declared charset; null if there is none. */
export function decoderFor(name: string): string | null {
  const written = name.toLowerCase().replace(/-(?:unix|dos|mac)$/, '');
  for (const label of [written, written.replaceAll('_', '-'), ALSO[written.replaceAll('_', '-')]]) {
    if (label === undefined) continue;
    try {
      const { encoding } = new TextDecoder(label);
      // What a browser takes for an attack is no charset here.
      if (encoding !== 'replacement' && encoding !== 'x-user-defined') return encoding;
    } catch {
      // Another spelling may be known.
    }
  }
  return null;
}

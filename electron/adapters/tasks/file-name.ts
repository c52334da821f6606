/** Names that senders give to their files, made safe to show and to save. Pure. */

/** Of characters, so that it stays a file name on every system. */
const LONGEST = 200;

/** The name without folders, NUL and control characters; `file` if nothing is left. */
export function cleanFileName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  // \p{Cc}: control characters and NUL. The others break lines or turn the direction of writing.
  const plain = last.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '').trim();
  if (plain === '' || /^\.+$/.test(plain)) return 'file';
  const characters = [...plain];
  if (characters.length <= LONGEST) return plain;
  // The ending says what kind of file it is.
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(plain)?.[0] ?? '';
  return `${characters.slice(0, LONGEST - ending.length).join('')}${ending}`;
}

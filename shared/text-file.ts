/** The text of a file that a person chose: Windows writes UTF-16 where other systems write UTF-8. */

/** null if it is neither, so that nothing is read wrongly. */
export function decodeTextFile(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // Without a mark, the zeros in the halves of ASCII letters show it.
  if (first === 0 && second !== undefined && second !== 0) return 'utf-16be';
  return first !== undefined && first !== 0 && second === 0 ? 'utf-16le' : 'utf-8';
}

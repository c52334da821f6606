/** The parts of a key event that identify the keys. */
export type PressedKeys = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>;

const named: Readonly<Record<string, string>> = {
  Space: 'Space',
  Tab: 'Tab',
  Insert: 'Insert',
  Home: 'Home',
  End: 'End',
  PageUp: 'PageUp',
  PageDown: 'PageDown',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
};

/**
 * The shortcut in Electron’s format, for example `CommandOrControl+Alt+P`. Null if it is not a shortcut yet: a modifier
 * alone, or a key without a modifier or with only Shift, which is ordinary typing.
 */
export function keysOf(event: PressedKeys, mac: boolean): string | null {
  const key = keyOf(event);
  if (key === null) return null;
  const { ctrlKey, altKey, shiftKey, metaKey } = event;
  const main = mac ? metaKey : ctrlKey;
  if (!ctrlKey && !altKey && !metaKey) return null;
  return [
    main ? 'CommandOrControl' : null,
    mac && ctrlKey ? 'Control' : null,
    !mac && metaKey ? 'Super' : null,
    altKey ? 'Alt' : null,
    shiftKey ? 'Shift' : null,
    key,
  ]
    .filter((part) => part !== null)
    .join('+');
}

function keyOf({ key, code }: PressedKeys): string | null {
  if (/^[a-z0-9]$/i.test(key)) return key.toUpperCase();
  if (/^F(?:[1-9]|1\d|2[0-4])$/.test(code)) return code;
  // Alt can produce a different character.
  return named[code] ?? /^(?:Key|Digit)([A-Z0-9])$/.exec(code)?.[1] ?? null;
}

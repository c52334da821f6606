/** The part of a key event that says what was pressed. */
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
 * What was pressed, as Electron writes it, for example `CommandOrControl+Alt+P`. Null where it is no combination
 * yet: a modifier alone, a key without one, or with Shift alone, which somebody would want to type.
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
  // Alt may have made another sign of it.
  return named[code] ?? /^(?:Key|Digit)([A-Z0-9])$/.exec(code)?.[1] ?? null;
}

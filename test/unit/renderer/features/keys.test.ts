import { expect, test } from 'vitest';
import { keysOf, type PressedKeys } from '../../../../renderer/features/settings/keys.ts';
import { brokenPart, rules } from '../../../../renderer/features/settings/rules.ts';

const pressed = (code: string, key: string, held = ''): PressedKeys => ({
  code,
  key,
  ctrlKey: held.includes('c'),
  altKey: held.includes('a'),
  shiftKey: held.includes('s'),
  metaKey: held.includes('m'),
});

test.each([
  [pressed('KeyP', 'p', 'ca'), 'CommandOrControl+Alt+P'],
  [pressed('KeyP', 'P', 'cs'), 'CommandOrControl+Shift+P'],
  [pressed('ArrowUp', 'ArrowUp', 'm'), 'Super+Up'],
  [pressed('F12', 'F12', 'a'), 'Alt+F12'],
  [pressed('Space', ' ', 'ca'), 'CommandOrControl+Alt+Space'],
  // Where the letter stands elsewhere on the keyboard, the letter counts; where Alt made a sign of it, the place.
  [pressed('KeyQ', 'a', 'c'), 'CommandOrControl+A'],
  [pressed('KeyP', 'π', 'a'), 'Alt+P'],
])('%j is %s', (event, keys) => {
  expect(keysOf(event, false)).toBe(keys);
  expect(brokenPart(rules['desktop.shortcut'], keys)).toBeNull();
});

test('on a Mac the Command key is the main one, and Control is its own', () => {
  expect(keysOf(pressed('KeyP', 'p', 'ma'), true)).toBe('CommandOrControl+Alt+P');
  expect(keysOf(pressed('KeyP', 'p', 'mc'), true)).toBe('CommandOrControl+Control+P');
  expect(keysOf(pressed('KeyP', 'p', 'c'), true)).toBe('Control+P');
});

test('what nobody should lose, or Electron does not know, is no combination', () => {
  const events = [
    pressed('ControlLeft', 'Control', 'c'),
    pressed('KeyP', 'p'),
    pressed('KeyP', 'P', 's'),
    pressed('Tab', 'Tab', 's'),
    pressed('Escape', 'Escape'),
    pressed('Enter', 'Enter', 'c'),
    pressed('Quote', 'ä', 'c'),
  ];
  for (const event of events) expect(keysOf(event, false), event.code).toBeNull();
});

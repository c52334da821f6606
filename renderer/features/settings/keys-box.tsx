import { type InputHTMLAttributes, type KeyboardEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { keysOf } from './keys.ts';

/** A keyboard shortcut, typed or recorded. Escape, Tab or a click elsewhere stops recording. */
export function KeysBox({
  label,
  box,
  onKeys,
}: {
  label: string;
  box: InputHTMLAttributes<HTMLInputElement>;
  onKeys(keys: string): void;
}) {
  const [listening, setListening] = useState(false);

  function onKeyDown(event: KeyboardEvent): void {
    if (!listening) return;
    const keys = keysOf(event.nativeEvent, /^Mac/.test(navigator.platform));
    // Tab still moves on for keyboard users.
    if (event.key === 'Tab' && keys === null) return;
    event.preventDefault();
    if (keys !== null) onKeys(keys);
    if (keys !== null || event.key === 'Escape') setListening(false);
  }

  return (
    <div className="flex items-center gap-2">
      <input {...box} />
      <Button
        aria-label={`${listening ? 'Press the keys now' : 'Record shortcut'}: ${label}`}
        aria-pressed={listening}
        tone={listening ? 'warm' : 'plain'}
        onClick={() => setListening(!listening)}
        onKeyDown={onKeyDown}
        onBlur={() => setListening(false)}
        className="shrink-0"
      >
        {listening ? 'Press the keys now' : 'Record shortcut'}
      </Button>
    </div>
  );
}

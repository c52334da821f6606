import { type InputHTMLAttributes, type KeyboardEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { keysOf } from './keys.ts';

/** A combination of keys: written, or pressed. Escape, Tab and a click elsewhere end the pressing. */
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
    // Somebody who only passes by goes on with Tab.
    if (event.key === 'Tab' && keys === null) return;
    event.preventDefault();
    if (keys !== null) onKeys(keys);
    if (keys !== null || event.key === 'Escape') setListening(false);
  }

  return (
    <div className="flex items-center gap-2">
      <input {...box} />
      <Button
        aria-label={`${listening ? 'Press the keys now' : 'Press keys'}: ${label}`}
        aria-pressed={listening}
        tone={listening ? 'warm' : 'plain'}
        onClick={() => setListening(!listening)}
        onKeyDown={onKeyDown}
        onBlur={() => setListening(false)}
        className="shrink-0"
      >
        {listening ? 'Press the keys now' : 'Press keys'}
      </Button>
    </div>
  );
}

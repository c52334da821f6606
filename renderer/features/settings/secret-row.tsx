import { KeyRound } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { useCoreStatus } from '../../stores/core.ts';
import { textOf } from '../../texts.ts';
import { boxClass } from './box-class.ts';
import type { SettingField } from './fields.ts';
import { RowFrame, settingId } from './row.tsx';

/** A write-only setting: set, replace or remove it. */
export function SecretRow({
  field,
  saved,
  draft,
  error,
  onChange,
}: {
  field: SettingField;
  /** A value is set. */
  saved: boolean;
  /** The unsaved value; null removes it, undefined leaves it unchanged. */
  draft: string | null | undefined;
  error: string | undefined;
  onChange(text: string | null | undefined): void;
}) {
  const protection = useCoreStatus()?.secrets;
  const id = settingId(field);
  const [writing, setWriting] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const open = writing || typeof draft === 'string';
  useEffect(() => {
    if (writing) input.current?.focus();
  }, [writing]);

  const undo = () => {
    setWriting(false);
    onChange(undefined);
  };
  const state = draft === null ? 'Will be removed when you save' : saved ? 'Set (hidden)' : 'Not set';
  return (
    <RowFrame field={field} error={error} wide onReset={null}>
      {open ? (
        <div className="flex items-center gap-2">
          <input
            ref={input}
            id={id}
            // A password field also hides addresses that contain a token.
            type="password"
            autoComplete="off"
            aria-describedby={error ? `${id}-about ${id}-error` : `${id}-about`}
            aria-invalid={error ? true : undefined}
            placeholder={saved ? 'New value' : ''}
            value={draft ?? ''}
            onChange={(event) => onChange(event.target.value)}
            className={`${boxClass} h-9 w-full font-mono text-[0.8125rem]`}
          />
          <Button aria-label={`Cancel: ${field.label}`} onClick={undo}>
            {' '}
            Cancel{' '}
          </Button>
        </div>
      ) : (
        <div className="flex flex-wrap items-center gap-2">
          <p className="flex min-w-0 flex-1 basis-40 items-center gap-2">
            <KeyRound
              size={16}
              aria-hidden="true"
              className={saved && draft !== null ? 'text-flame' : 'text-faint'}
            />
            {state}
          </p>
          {draft === null ? (
            <Button id={id} aria-label={`Undo: ${field.label}`} onClick={undo}>
              {' '}
              Undo{' '}
            </Button>
          ) : (
            <>
              <Button
                id={id}
                aria-label={`${saved ? 'Replace' : 'Set'}: ${field.label}`}
                onClick={() => setWriting(true)}
              >
                {saved ? 'Replace' : 'Set'}
              </Button>
              {saved && (
                <Button tone="danger" aria-label={`Remove: ${field.label}`} onClick={() => onChange(null)}>
                  Remove
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {protection && <p className="text-xs text-faint">{textOf(protection.message)}</p>}
    </RowFrame>
  );
}

import { KeyRound } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { useCoreStatus } from '../../stores/core.ts';
import type { SettingField } from './fields.ts';
import { boxClass, RowFrame, settingId } from './row.tsx';

/** A setting that is written and never shown: set it, replace it, remove it. */
export function SecretRow({
  field,
  saved,
  draft,
  error,
  onChange,
}: {
  field: SettingField;
  /** One is set. */
  saved: boolean;
  /** What is written and not saved; null takes it away, undefined leaves it. */
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
  const state = draft === null ? 'Is removed when you save' : saved ? 'Set, and not shown' : 'Not set';
  return (
    <RowFrame field={field} error={error} wide onReset={null}>
      {open ? (
        <div className="flex items-center gap-2">
          <input
            ref={input}
            id={id}
            // A password box keeps an address that carries a token from the eyes behind, too.
            type="password"
            autoComplete="off"
            aria-describedby={error ? `${id}-about ${id}-error` : `${id}-about`}
            aria-invalid={error ? true : undefined}
            placeholder={saved ? 'The new one' : ''}
            value={draft ?? ''}
            onChange={(event) => onChange(event.target.value)}
            className={`${boxClass} h-9 w-full font-mono text-[0.8125rem]`}
          />
          <Button aria-label={`Leave it: ${field.label}`} onClick={undo}>
            Leave it
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
            <Button id={id} aria-label={`Keep it: ${field.label}`} onClick={undo}>
              Keep it
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
      {protection && <p className="text-xs text-faint">{protection.words}</p>}
    </RowFrame>
  );
}

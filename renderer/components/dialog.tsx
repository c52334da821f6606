import { X } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Button } from './button.tsx';
import { SpokenNews } from './spoken-news.tsx';
import { UnsavedParts, useKeepUnsaved } from './unsaved.ts';

export interface DialogProps {
  title: string;
  description?: string;
  onClose(): void;
  children: ReactNode;
  /** `panel` slides in from the right on wide screens: to show details beside the page. `page` has room for a text. */
  shape?: 'box' | 'panel' | 'page';
  /** Only its buttons close it, because what it shows is not shown again. */
  sticky?: boolean;
  /** Something was entered that closing would lose: it asks first. A form inside says it by `useUnsavedPart`. */
  unsaved?: boolean;
}

const boxPlace = 'm-auto max-h-[92dvh] w-[min(34rem,calc(100vw-1rem))] rounded-2xl';
const sidePlace =
  'm-0 ml-auto mt-auto max-h-[85dvh] w-full max-w-none rounded-t-2xl sm:mt-0 sm:h-dvh sm:max-h-none sm:rounded-none sm:rounded-l-2xl';

/**
 * A native modal dialog: it traps the focus, closes on Escape, makes the rest inert and restores the focus, without
 * injected styles, which the content security policy would refuse.
 */
export function Dialog({
  title,
  description,
  onClose,
  children,
  shape = 'box',
  sticky = false,
  unsaved: entered = false,
}: DialogProps) {
  const [asking, setAsking] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null);
  const [parts, setParts] = useState<readonly string[]>([]);
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const descriptionId = useId();

  // A layout effect cleans up before the element is removed; only then does closing it restore the focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // What a person is to begin with, where that is not the first button.
    element?.querySelector<HTMLElement>('[data-begin]')?.focus();
    return () => element?.close();
  }, []);

  const tell = useCallback(
    (part: string, has: boolean) =>
      setParts((before) => [...before.filter((one) => one !== part), ...(has ? [part] : [])]),
    [],
  );
  const unsaved = entered || parts.length > 0;
  const ask = (hash: string | null) => {
    setWanted(hash);
    setAsking(true);
  };
  useKeepUnsaved(unsaved, ask);
  const close = () => (unsaved ? ask(null) : onClose());

  function discard(): void {
    flushSync(onClose);
    if (wanted !== null) location.hash = wanted;
  }

  const place =
    shape === 'box'
      ? boxPlace
      : `${sidePlace} ${shape === 'page' ? 'sm:w-[min(56rem,92vw)]' : 'sm:w-[28rem]'}`;

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog already; the click is on its backdrop.
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      aria-describedby={description ? descriptionId : undefined}
      onClose={() => {
        // A browser closes it at a second Escape, whatever was asked for at the first one.
        if (unsaved) dialog.current?.showModal();
        close();
      }}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        if (sticky || unsaved) event.preventDefault();
        // A second Escape goes back to what was entered.
        if (unsaved) asking ? setAsking(false) : ask(null);
      }}
      onClick={(event) => {
        if (event.target === dialog.current && !sticky) close();
      }}
      className={`overflow-hidden border border-line bg-surface p-0 text-text shadow-(--shadow) ${place}`}
    >
      <div className="flex max-h-[inherit] flex-col overflow-y-auto p-6">
        <div className="mb-4 flex items-start gap-4">
          <div className="min-w-0 flex-1">
            <h2 id={titleId} className="text-lg leading-7 font-semibold break-words">
              {title}
            </h2>
            {description && (
              <p id={descriptionId} className="mt-1 text-soft">
                {description}
              </p>
            )}
          </div>
          <Button tone="quiet" size="icon" aria-label="Close" onClick={close} className="-mt-1 -mr-2">
            <X size={16} aria-hidden="true" />
          </Button>
        </div>
        {asking && <Discard onKeep={() => setAsking(false)} onDiscard={discard} />}
        <UnsavedParts value={tell}>{children}</UnsavedParts>
        <SpokenNews />
      </div>
    </dialog>
  );
}

/** In place of the end of a dialog that would lose what was entered. */
function Discard({ onKeep, onDiscard }: { onKeep(): void; onDiscard(): void }) {
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <div
      role="alertdialog"
      aria-label="Unsaved changes"
      className="mb-4 flex flex-wrap items-center gap-2 rounded-lg border border-ember/60 bg-ground p-3"
    >
      <p className="min-w-0 flex-1 basis-full sm:basis-40">Discard what you entered?</p>
      <Button ref={keep} size="small" onClick={onKeep}>
        Keep editing
      </Button>
      <Button size="small" tone="danger" onClick={onDiscard}>
        Discard
      </Button>
    </div>
  );
}

import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { Button } from './button.tsx';
import { SpokenToast } from './spoken-toast.tsx';

export interface DialogProps {
  title: string;
  description?: string;
  onClose(): void;
  children: ReactNode;
  /** `panel` slides in from the right on wide screens: to show details beside the page. `page` has room for a text. */
  shape?: 'box' | 'panel' | 'page';
  /** Only its buttons close it, because what it shows is not shown again. */
  sticky?: boolean;
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
}: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const descriptionId = useId();

  // A layout effect cleans up before the element is removed; only then does closing it restore the focus.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

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
      onClose={onClose}
      onCancel={(event) => {
        if (sticky) event.preventDefault();
      }}
      onClick={(event) => {
        if (event.target === dialog.current && !sticky) onClose();
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
          <Button tone="quiet" size="icon" aria-label="Close" onClick={onClose} className="-mt-1 -mr-2">
            <X size={16} aria-hidden="true" />
          </Button>
        </div>
        {children}
        <SpokenToast />
      </div>
    </dialog>
  );
}

/** What was entered and not saved is never lost without a question. */
import { createContext, useContext, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { useAskBeforeUnload } from './use-ask-before-unload.ts';

/** Whether values differ from what they were at first. A set has to be given as a list, a file as its name. */
export function useChanged(values: unknown): boolean {
  const now = JSON.stringify(values);
  const [first] = useState(now);
  return now !== first;
}

/** Told by the forms in a dialog that something was entered in them. */
export const UnsavedParts = createContext<(part: string, unsaved: boolean) => void>(() => undefined);

/** For a form that may be in a dialog and does not render it itself. */
export function useUnsavedPart(unsaved: boolean): void {
  const tell = useContext(UnsavedParts);
  const part = useId();
  useEffect(() => {
    tell(part, unsaved);
    return () => tell(part, false);
  }, [tell, part, unsaved]);
}

/** How the open dialogs with something unsaved ask, the uppermost last. */
const questions: (() => void)[] = [];

/** Whether a dialog has something unsaved; it asks about it then. Before anything that would take its place. */
export function asksAboutUnsaved(): boolean {
  const ask = questions.at(-1);
  ask?.();
  return ask !== undefined;
}

/**
 * While something is unsaved, the browser asks before the page is loaded again, and going to another page in the panel
 * is undone and asked about: `ask` gets the hash that was wanted, or null if the dialog itself was to make room.
 */
export function useKeepUnsaved(unsaved: boolean, ask: (wanted: string | null) => void): void {
  useAskBeforeUnload(unsaved);
  const latest = useRef(ask);
  useLayoutEffect(() => {
    latest.current = ask;
  });
  // A layout effect ends before a form that was saved goes to another page.
  useLayoutEffect(() => {
    if (!unsaved) return;
    const question = () => latest.current(null);
    const onNavigation = (event: HashChangeEvent) => {
      // Nothing else hears of it: the address is what it was.
      event.stopImmediatePropagation();
      history.pushState(null, '', event.oldURL);
      latest.current(new URL(event.newURL).hash);
    };
    questions.push(question);
    addEventListener('hashchange', onNavigation, { capture: true });
    return () => {
      questions.splice(questions.indexOf(question), 1);
      removeEventListener('hashchange', onNavigation, { capture: true });
    };
  }, [unsaved]);
}

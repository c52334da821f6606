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

/** How the open dialogs with something unsaved ask, the uppermost last. `wanted`: the hash to go to afterwards. */
const questions: ((wanted: string | null) => void)[] = [];

/** Whether a dialog has something unsaved; it asks about it then. Before anything that would take its place. */
export function asksAboutUnsaved(): boolean {
  const ask = questions.at(-1);
  ask?.(null);
  return ask !== undefined;
}

// Listeners of the window run in the order in which they were added, so this has to be the first of its kind: whoever
// comes later does not hear of a navigation that was undone.
globalThis.addEventListener?.('hashchange', (event) => {
  const ask = questions.at(-1);
  const { hash } = new URL(event.newURL);
  // A one-time address signs in, and is no page.
  if (ask === undefined || (hash !== '' && !hash.startsWith('#/'))) return;
  event.stopImmediatePropagation();
  history.pushState(null, '', event.oldURL);
  ask(hash);
});

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
    const question = (wanted: string | null) => latest.current(wanted);
    questions.push(question);
    return () => {
      questions.splice(questions.indexOf(question), 1);
    };
  }, [unsaved]);
}

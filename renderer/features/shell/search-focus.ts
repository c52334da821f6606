import { create } from 'zustand';
import { openHelp } from '../../stores/help.ts';
import { goTo, pageFromHash } from './route.ts';

interface SearchFocus {
  /** How often the search box was asked for by its key. */
  asked: number;
  /** What was typed since, while the box is not there yet; null if nobody waits for it. */
  typed: string | null;
}

export const useSearchFocus = create<SearchFocus>()(() => ({ asked: 0, typed: null }));

export function focusSearch(): void {
  if (pageFromHash(location.hash) !== 'search') goTo('search');
  useSearchFocus.setState(({ asked }) => ({ asked: asked + 1, typed: '' }));
}

/** What was typed before the box had the focus, which now gets the keys itself. */
export function takeTyped(): string {
  const { typed } = useSearchFocus.getState();
  if (typed !== null) useSearchFocus.setState({ typed: null });
  return typed ?? '';
}

/** Nobody waits for the script of a page before typing. Returns whether the key belongs to the box. */
function typeAhead(key: string): boolean {
  const { typed } = useSearchFocus.getState();
  if (typed === null) return false;
  const isText = key.length === 1;
  if (pageFromHash(location.hash) !== 'search' || (!isText && key !== 'Backspace')) {
    if (key === 'Escape' || key === 'Tab') useSearchFocus.setState({ typed: null });
    return false;
  }
  useSearchFocus.setState({ typed: isText ? typed + key : typed.slice(0, -1) });
  return true;
}

const typesText = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches(
      'textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=range])',
    ));

/** `/` opens the search and `?` the list of shortcuts from anywhere, except while text is typed or a dialog is open. Returns how to stop. */
export function followSearchKey(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    if (ctrlKey || metaKey || altKey || event.defaultPrevented) return;
    if (typesText(target) || document.querySelector('dialog[open]') !== null) return;
    if (typeAhead(key)) event.preventDefault();
    if ((key !== '/' && key !== '?') || event.defaultPrevented) return;
    event.preventDefault();
    if (key === '?') openHelp({ shortcuts: true });
    else focusSearch();
  };
  addEventListener('keydown', onKeyDown);
  return () => removeEventListener('keydown', onKeyDown);
}

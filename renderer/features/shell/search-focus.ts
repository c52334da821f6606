import { create } from 'zustand';
import { openHelp } from '../../stores/help.ts';
import { goTo, pageFromHash } from './route.ts';

/** Counts how often the search box was asked for by its key. */
export const useSearchFocus = create<{ asked: number }>()(() => ({ asked: 0 }));

export function focusSearch(): void {
  if (pageFromHash(location.hash) !== 'search') goTo('search');
  useSearchFocus.setState(({ asked }) => ({ asked: asked + 1 }));
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
    if ((key !== '/' && key !== '?') || ctrlKey || metaKey || altKey || event.defaultPrevented) return;
    if (typesText(target) || document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    if (key === '?') openHelp({ shortcuts: true });
    else focusSearch();
  };
  addEventListener('keydown', onKeyDown);
  return () => removeEventListener('keydown', onKeyDown);
}

import { useEffect, useState, useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** Whether the page is visible: charts pause while it is hidden. */
export function usePageVisible(): boolean {
  return useSyncExternalStore(subscribe, () => !document.hidden);
}

const seen = new WeakMap<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | null = null;

/** Whether an element is on the screen, or nearly; one observer serves them all. Hidden pages show nothing. */
export function useOnScreen<Target extends Element>(): [(element: Target | null) => void, boolean] {
  const [element, setElement] = useState<Target | null>(null);
  const [onScreen, setOnScreen] = useState(false);
  const visible = usePageVisible();
  useEffect(() => {
    if (!element) return;
    observer ??= new IntersectionObserver(
      (entries) => {
        for (const entry of entries) seen.get(entry.target)?.(entry.isIntersecting);
      },
      { rootMargin: '200px' },
    );
    const watching = observer;
    seen.set(element, setOnScreen);
    watching.observe(element);
    return () => {
      watching.unobserve(element);
      seen.delete(element);
    };
  }, [element]);
  return [setElement, visible && onScreen];
}

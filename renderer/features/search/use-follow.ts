import { type RefObject, useCallback, useEffect, useState } from 'react';
import { scrollerOf, showIn } from './scroller.ts';

/** Room around the line that is heard, pixels. */
const MARGIN = 24;

/**
 * Keeps the current line in view, until a person scrolls: then the text stays where it was put.
 * @param box around the lines
 * @param top what covers the upper edge of the text
 */
export function useFollow(
  box: RefObject<HTMLElement | null>,
  top: RefObject<HTMLElement | null>,
  current: number,
): { follows: boolean; follow(): void } {
  const [follows, setFollows] = useState(true);

  useEffect(() => {
    const scroller = box.current === null ? null : scrollerOf(box.current);
    if (scroller === null) return;
    const leave = () => setFollows(false);
    const onKey = ({ key }: KeyboardEvent) => {
      if (/^(Page(Up|Down)|Home|End)$/.test(key)) leave();
    };
    const onPress = ({ target }: PointerEvent) => {
      // Its own bar, and not what lies in it.
      if (target === scroller) leave();
    };
    scroller.addEventListener('wheel', leave, { passive: true });
    scroller.addEventListener('touchmove', leave, { passive: true });
    scroller.addEventListener('keydown', onKey);
    scroller.addEventListener('pointerdown', onPress);
    return () => {
      scroller.removeEventListener('wheel', leave);
      scroller.removeEventListener('touchmove', leave);
      scroller.removeEventListener('keydown', onKey);
      scroller.removeEventListener('pointerdown', onPress);
    };
  }, [box]);

  useEffect(() => {
    if (!follows) return;
    const line = box.current?.querySelector(`[data-line="${current}"]`);
    const scroller = line ? scrollerOf(line) : null;
    if (!line || scroller === null) return;
    const outer = scroller.getBoundingClientRect();
    const inner = line.getBoundingClientRect();
    const upper = Math.max(outer.top, top.current?.getBoundingClientRect().bottom ?? 0);
    if (inner.top < upper + MARGIN || inner.bottom > outer.bottom - MARGIN) showIn(line);
  }, [box, top, current, follows]);

  const follow = useCallback(() => setFollows(true), []);
  return { follows, follow };
}

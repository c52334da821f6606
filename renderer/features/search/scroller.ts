/** The box that scrolls an element up and down; null if that is the page. */
export function scrollerOf(element: Element): HTMLElement | null {
  let scroller = element.parentElement;
  // A box that scrolls sideways counts as one that scrolls both ways, so its height decides.
  while (
    scroller !== null &&
    !(
      /auto|scroll/.test(getComputedStyle(scroller).overflowY) &&
      scroller.scrollHeight > scroller.clientHeight
    )
  )
    scroller = scroller.parentElement;
  return scroller;
}

/** Scrolls only the box around an element, not the page. */
export function showIn(element: Element): void {
  const scroller = scrollerOf(element);
  if (scroller === null) return;
  const [outer, inner] = [scroller.getBoundingClientRect(), element.getBoundingClientRect()];
  const spare = Math.max(0, (outer.height - inner.height) / 2);
  scroller.scrollTop += inner.top - outer.top - Math.min(spare, outer.height / 3);
}

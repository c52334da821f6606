/**
 * Whether the next page was navigated to, rather than opened with the panel: focus then moves to its heading, as a
 * browser does when it loads a page.
 */
let gone = false;

globalThis.addEventListener?.('hashchange', (event) => {
  if (new URL(event.oldURL).hash.length > 1) gone = true;
});

/** True once per navigation. */
export function takeNavigation(): boolean {
  const was = gone;
  gone = false;
  return was;
}

/**
 * Whether the page that is drawn next was gone to, rather than opened with the panel: a screen reader is then
 * taken to its heading, as a browser does for a page that it loads.
 */
let gone = false;

globalThis.addEventListener?.('hashchange', (event) => {
  if (new URL(event.oldURL).hash.length > 1) gone = true;
});

/** True once for each navigation. */
export function takeNavigation(): boolean {
  const was = gone;
  gone = false;
  return was;
}

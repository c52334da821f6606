/** The panel's background, so that nothing flashes before its first paint; the same as in renderer/styles/tokens.css. */
export function backgroundColour(dark: boolean): string {
  return dark ? '#0d0f12' : '#f6f4f0';
}

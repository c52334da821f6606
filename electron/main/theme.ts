/** The ground of the panel, so that nothing flashes before its first paint; renderer/styles/tokens.css has the same. */
export function backgroundColour(dark: boolean): string {
  return dark ? '#0d0f12' : '#f6f4f0';
}

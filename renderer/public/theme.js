// Before the first paint, so that nothing flashes: the look that was chosen in this browser. What is unknown or
// damaged is left to the panel, which reads it again: features/shell/preferences.ts.
try {
  const { theme, density } = JSON.parse(localStorage.getItem('pilotlight.preferences') ?? '{}');
  const { dataset } = document.documentElement;
  if (theme === 'dark' || theme === 'light') dataset.theme = theme;
  if (density === 'compact') dataset.density = density;
} catch {}

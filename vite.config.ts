import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The panel. It is served at the root of an origin, by the headless server or by Electron's own scheme, under a
// content security policy without inline scripts: whatever serves it replaces the placeholder by a nonce.
export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [react(), tailwindcss()],
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2024',
    minify: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
    // Files, not data URLs: the policy allows fonts and pictures from the panel's own origin only.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The bench holds the whole panel to its budget.
    chunkSizeWarningLimit: 1_000,
  },
});

import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// The panel. It is served at the root of an origin, by the headless server or by Electron's own scheme, under a
// content security policy without inline scripts: whatever serves it replaces the placeholder by a nonce.
export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [react(), tailwindcss(), scalesOfCharts(), withoutSchemas(), oneFirstScript()],
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2024',
    minify: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // One file for the first page: what later pages share with it would be forty more, each a request of its own
        // before the first paint.
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] },
      },
    },
    // Files, not data URLs: the policy allows fonts and pictures from the panel's own origin only.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The bench holds the whole panel to its budget.
    chunkSizeWarningLimit: 1_000,
  },
});

/**
 * recharts finds the scale of an axis by its name, which keeps all of d3-scale, its calendars and colours too.
 * The axes of the panel are linear or bands.
 */
function scalesOfCharts(): Plugin {
  return {
    name: 'scales-of-charts',
    enforce: 'pre',
    load(id) {
      if (!/[\\/]victory-vendor[\\/]es[\\/]d3-scale\.js/.test(id)) return null;
      return "export { scaleBand, scaleLinear, scalePoint } from 'd3-scale';";
    },
  };
}

/** The panel trusts what its core has parsed: one import of a schema would add 28 kB for nothing. */
function withoutSchemas(): Plugin {
  return {
    name: 'without-schemas',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (
          chunk.type !== 'chunk' ||
          !chunk.moduleIds.some((id) => /[\\/]node_modules[\\/]zod[\\/]/.test(id))
        )
          continue;
        const schemas = chunk.moduleIds.filter((id) => /[\\/]shared[\\/]/.test(id));
        this.error(`The panel carries zod, by way of one of ${schemas.join(', ')}: import its types only.`);
      }
    },
  };
}

/**
 * The first page needs one script, and the catalogue of messages is loaded beside it: `shared/text` would put it in
 * there.
 */
function oneFirstScript(): Plugin {
  return {
    name: 'one-first-script',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.isEntry) continue;
        if (chunk.imports.length > 0)
          this.error(`The first page waits for more scripts: ${chunk.imports.join(', ')}.`);
        if (chunk.moduleIds.some((id) => /[\\/]shared[\\/]text[\\/]catalogue\.ts$/.test(id)))
          this.error('The first script contains every message: take textOf from renderer/texts.ts.');
      }
    },
  };
}

import { registerHooks } from 'node:module';

// Stands in for Electron in plain Node: what imports `electron` gets window-module.ts.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'electron') return next(specifier, context);
    return { url: new URL('./window-module.ts', import.meta.url).href, shortCircuit: true };
  },
});

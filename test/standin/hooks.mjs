// Given to Node by --import: what imports `electron` gets the stand-in, so that the built main process runs as it is.
import { createRequire, registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'electron') return next(specifier, context);
    return { url: new URL('./electron.ts', import.meta.url).href, shortCircuit: true };
  },
});

// As `electron --require` does: a script that runs before the program.
const early = process.env.STANDIN_REQUIRE;
if (early) createRequire(import.meta.url)(early);

// @ts-check
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { externalPackages, nodeTarget } from './entries.mjs';
import { collectPackages } from './package/bundled.mjs';

/** @typedef {typeof import('./entries.mjs').nodeEntries[number]} NodeEntry */

/**
 * An import of a built-in module reads every getter of it, and those of `node:http` load Node's fetch and WebSocket,
 * which take megabytes that a small program never uses. `process.getBuiltinModule` reads none.
 */
const builtinsByDemand = {
  name: 'builtins-by-demand',
  /** @param {string} source */
  resolveId: (source) => (/^node:(?!module$)/.test(source) ? { id: `\0${source}` } : null),
  /** @param {string} id */
  load: (id) =>
    id.startsWith('\0node:')
      ? {
          code: `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(1))});`,
          moduleType: 'js',
        }
      : null,
};

/** Fastify's compilers of schemas, which no server of ours has (`transport/http/app.ts`). */
const withoutCompilers = {
  name: 'without-compilers',
  /** @param {string} source */
  resolveId: (source) =>
    /^@fastify\/(?:ajv-compiler|fast-json-stringify-compiler)$/.test(source) ? { id: `\0${source}` } : null,
  /** @param {string} id */
  load: (id) =>
    id.startsWith('\0@fastify/')
      ? { code: 'module.exports = () => { throw new Error("It is not bundled."); };', moduleType: 'js' }
      : null,
};

/**
 * @param {string} root
 * @param {Readonly<Record<string, string>>} replaced
 */
const replaceFiles = (root, replaced) => ({
  name: 'replace-files',
  /** @param {string} id */
  load: (id) => replaced[relative(root, id).replaceAll('\\', '/')] ?? null,
});

/**
 * Bundles the entries of one format. npm packages are bundled too, which starts faster than many small files.
 * @param {string} root
 * @param {string} folder
 * @param {readonly NodeEntry[]} entries
 * @param {Set<string>} [packages] receives the folders of the packages that were bundled
 * @param {Readonly<Record<string, string>>} [replaced] contents for files of the sources, by their path in the root: a
 *   build of another version, or with other keys
 */
export async function bundleNode(root, folder, entries, packages = new Set(), replaced = {}) {
  const first = entries[0];
  if (first === undefined) return;
  const extension = first.format === 'esm' ? 'mjs' : 'cjs';
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(
      entries.map((entry) => [entry.output.replace(/\.[^.]+$/, ''), join(root, entry.source)]),
    ),
    platform: 'node',
    external: externalPackages.map((name) => new RegExp(`^${name}(/|$)`)),
    transform: { target: nodeTarget },
    plugins: [
      replaceFiles(root, replaced),
      collectPackages(packages),
      withoutCompilers,
      ...(first.alone ? [builtinsByDemand] : []),
    ],
    logLevel: 'warn',
  });
  try {
    await bundle.write({
      dir: folder,
      format: first.format,
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `chunks/[name]-[hash].${extension}`,
      sourcemap: true,
      ...(first.format === 'cjs' || first.alone ? { codeSplitting: false } : {}),
      // A file that is copied to other machines is minified. Functions and classes keep their names, so that its errors
      // stay readable.
      ...(first.alone
        ? {
            comments: { legal: true, annotation: false, jsdoc: false },
            minify: {
              compress: true,
              mangle: { toplevel: true, keepNames: true },
              codegen: { removeWhitespace: true },
            },
          }
        : {}),
    });
  } finally {
    await bundle.close();
  }
}

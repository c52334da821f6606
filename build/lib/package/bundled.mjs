// @ts-check

/** In `dist`: the folders of the npm packages whose files are in the bundles. */
export const bundledPackagesFile = '.packages.json';

/** Packages that style sheets import, where no bundler reports them. */
export const packagesInStyles = [
  'node_modules/tailwindcss',
  'node_modules/@fontsource-variable/inter',
  'node_modules/@fontsource-variable/jetbrains-mono',
];

/**
 * A plugin for rolldown and Vite that collects the npm packages whose files were read.
 * @param {Set<string>} folders receives the folders of the packages, from the repository's folder on
 */
export function collectPackages(folders) {
  return {
    name: 'collect-packages',
    /** @param {{ id: string }} module */
    moduleParsed({ id }) {
      const folder = packageFolder(id);
      if (folder !== undefined) folders.add(folder);
    },
  };
}

/**
 * The folder of the package that a module is in.
 * @param {string} id path of the module
 * @returns {string | undefined} with slashes, for example `node_modules/a/node_modules/@b/c`
 */
export function packageFolder(id) {
  const path = id.replaceAll('\\', '/');
  const first = path.indexOf('node_modules/');
  const last = path.lastIndexOf('node_modules/');
  if (first === -1) return undefined;
  const [name = '', second = ''] = path.slice(last + 'node_modules/'.length).split('/');
  return (
    path.slice(first, last) + ['node_modules', name, ...(name.startsWith('@') ? [second] : [])].join('/')
  );
}

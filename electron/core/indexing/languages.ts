/** Names of languages by file name, and by the first line of a script. */
import type { TextKind } from './blocks.ts';

export interface Language {
  kind: TextKind;
  language: string;
}

const CODE: Record<string, string> = {
  javascript: 'js mjs cjs jsx',
  typescript: 'ts mts cts tsx',
  python: 'py pyi pyw',
  ruby: 'rb rake gemspec',
  rust: 'rs',
  go: 'go',
  java: 'java',
  kotlin: 'kt kts',
  scala: 'scala sc',
  swift: 'swift',
  c: 'c h',
  cpp: 'cc cpp cxx hpp hh hxx cu cuh',
  csharp: 'cs',
  'objective-c': 'm mm',
  php: 'php phtml',
  perl: 'pl pm',
  lua: 'lua',
  r: 'r',
  julia: 'jl',
  haskell: 'hs lhs',
  elixir: 'ex exs',
  erlang: 'erl hrl',
  clojure: 'clj cljs cljc edn',
  lisp: 'lisp el scm',
  ocaml: 'ml mli',
  fsharp: 'fs fsx',
  dart: 'dart',
  zig: 'zig',
  nim: 'nim',
  shell: 'sh bash zsh fish ksh',
  powershell: 'ps1 psm1 psd1',
  batch: 'bat cmd',
  sql: 'sql',
  css: 'css scss sass less',
  vue: 'vue',
  svelte: 'svelte',
  json: 'json jsonc json5 ndjson jsonl ipynb',
  yaml: 'yaml yml',
  toml: 'toml',
  ini: 'ini cfg conf properties',
  xml: 'xml xsd xsl xslt svg plist rss atom opml gpx kml fb2 resx xliff xlf',
  graphql: 'graphql gql',
  protobuf: 'proto',
  terraform: 'tf hcl',
  nix: 'nix',
  assembly: 'asm s',
  fortran: 'f f90 f95 for',
  pascal: 'pas pp',
  tex: 'tex sty cls bib',
  cmake: 'cmake',
  dockerfile: 'dockerfile',
  makefile: 'mk mak',
  diff: 'diff patch',
};

const BY_EXTENSION = new Map<string, Language>();
for (const [language, extensions] of Object.entries(CODE)) {
  for (const extension of extensions.split(' ')) BY_EXTENSION.set(extension, { kind: 'code', language });
}
for (const extension of ['md', 'markdown', 'mdown', 'mkd', 'mdx', 'qmd', 'rmd']) {
  BY_EXTENSION.set(extension, { kind: 'markdown', language: 'markdown' });
}
for (const extension of ['html', 'htm', 'xhtml']) {
  BY_EXTENSION.set(extension, { kind: 'html', language: 'html' });
}

const BY_NAME = new Map<string, Language>([
  ['dockerfile', { kind: 'code', language: 'dockerfile' }],
  ['makefile', { kind: 'code', language: 'makefile' }],
  ['gnumakefile', { kind: 'code', language: 'makefile' }],
  ['cmakelists.txt', { kind: 'code', language: 'cmake' }],
  ['gemfile', { kind: 'code', language: 'ruby' }],
  ['rakefile', { kind: 'code', language: 'ruby' }],
]);

/** By the name alone; `null` if the name does not tell. */
export function languageOfName(path: string): Language | null {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  return BY_NAME.get(name) ?? (dot >= 0 ? (BY_EXTENSION.get(name.slice(dot + 1)) ?? null) : null);
}

const INTERPRETERS: readonly [RegExp, string][] = [
  [/^python[\d.]*$|^pypy[\d.]*$/, 'python'],
  [/^(?:ba|z|k|da|a|fi)?sh$/, 'shell'],
  [/^(?:node|nodejs|bun)$/, 'javascript'],
  [/^(?:deno|tsx|ts-node)$/, 'typescript'],
  [/^ruby[\d.]*$/, 'ruby'],
  [/^perl[\d.]*$/, 'perl'],
  [/^php[\d.]*$/, 'php'],
  [/^lua[\d.]*$/, 'lua'],
  [/^Rscript$/, 'r'],
  [/^pwsh$/, 'powershell'],
];

/** By a `#!` line; `null` if there is none or its program is unknown. */
export function languageOfShebang(firstLine: string): string | null {
  if (!firstLine.startsWith('#!')) return null;
  const words = firstLine.slice(2, 200).trim().split(/\s+/);
  const programs = words.map((word) => word.slice(word.lastIndexOf('/') + 1));
  const program = programs[0] === 'env' ? programs.slice(1).find((word) => !/^-|=/.test(word)) : programs[0];
  if (program === undefined) return null;
  return INTERPRETERS.find(([pattern]) => pattern.test(program))?.[1] ?? null;
}

// @ts-check
import { standardText } from './components.mjs';

/** @typedef {import('./components.mjs').Component} Component */

/** What a licence asks to be said beside its text. @type {readonly { applies: RegExp, text: string }[]} */
const remarks = [
  {
    applies: /^@img\/sharp-libvips-/,
    text: `This is libvips with the libraries that it uses, under the LGPL and the licences that its README lists. It is a
library of its own, outside of the program's archive. You may replace it by a version that you have changed. Its source
and the way it is built are at the address above.`,
  },
];

const rule = '='.repeat(80);

/**
 * The text that accompanies every package.
 * @param {readonly Component[]} components
 * @param {Readonly<Record<string, { licenseText: string }>>} licences of SPDX, for components without a file
 * @returns {string}
 */
export function noticesText(components, licences) {
  const sections = components.map((component) => {
    const { name, version, licence, homepage, texts } = component;
    const head = [`${name} ${version}`, licence, homepage].filter((line) => line !== '').join('\n');
    const said = remarks.filter(({ applies }) => applies.test(name)).map(({ text }) => text);
    const files = texts.some(({ file }) => /^(licen|copying)/i.test(file))
      ? texts.map(({ text }) => text)
      : [standardText(component, licences), ...texts.map(({ text }) => text)];
    return [head, ...said, ...files].join('\n\n');
  });
  const intro = `Pilotlight contains software of others. This file lists it with its licences.
Electron and Chromium have files of their own beside it.`;
  return `${[intro, ...sections].join(`\n\n${rule}\n`)}\n`;
}

// @ts-check
// English sentences in core, which makes messages of codes and params: `shared/text` has the sentences. Errors that only
// a programmer sees, and log lines, are English.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const core = 'electron/core';

/** Errors that never leave the core, unlike PilotlightError. */
const internalErrors = /^(Error|TypeError|RangeError|AggregateError|DOMException)$/;
const logCall = /(^|\.)log\.(debug|info|warn|error)$/;

/** A capital letter first, perhaps in quotes; at least three words; and the end of a sentence. */
const sentence = /^["'“‘(`]?\p{Lu}\S*( \S+){2,}[.?!…]["'”’)`]?$/u;

/** One violation, which `checkProse` must find. */
export const plantedProse = {
  'electron/core/fleet/a.ts': [
    "import { fact } from '../../../shared/models/message.ts';",
    'export const log = { warn: (_: string) => {} };',
    "log.warn('The history could not be read.');",
    "export const internal = () => new Error('It has no agent there.');",
    "export const message = fact('NODE_IN_TROUBLE', { node: 'tower' });",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source code
    'export const said = (node: string) => `${node} does not answer.`;',
    '',
  ].join('\n'),
};

/**
 * Sentences in the files of core, each with its place.
 * @param {string} root the folder that holds electron/
 * @returns {string[]}
 */
export function checkProse(root) {
  return coreFiles(root).flatMap((file) =>
    sentencesIn(file, readFileSync(join(root, file), 'utf8')).map(
      ({ line, text }) => `core-writes-no-prose: ${file}:${line}: ${text}`,
    ),
  );
}

/**
 * @param {string} file
 * @param {string} source
 * @returns {{ line: number, text: string }[]}
 */
export function sentencesIn(file, source) {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  /** @type {{ line: number, text: string }[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (mayHaveProse(node, parsed)) return;
    const text = textOf(node);
    if (text !== null && sentence.test(text.replaceAll(/\s+/g, ' ').trim())) {
      found.push({ line: parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

/**
 * @param {ts.Node} node
 * @param {ts.SourceFile} parsed
 * @returns {boolean}
 */
function mayHaveProse(node, parsed) {
  if (ts.isNewExpression(node)) return internalErrors.test(node.expression.getText(parsed));
  if (ts.isCallExpression(node)) return logCall.test(node.expression.getText(parsed));
  return false;
}

/**
 * The text of a string or template, with `X` for each value in it; null for anything else.
 * @param {ts.Node} node
 * @returns {string | null}
 */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }) => `X${literal.text}`).join('');
}

/**
 * @param {string} root
 * @returns {string[]} paths relative to `root`, with `/`
 */
function coreFiles(root) {
  return readdirSync(join(root, core), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

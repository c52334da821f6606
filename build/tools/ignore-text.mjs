// Leaves sentences for people unchanged: tests assert codes and facts, so wording can be improved freely.

// Through a variable, because the layer check runs without the packages of this folder.
const plugin = '@stryker-mutator/api/plugin';
const { declareValuePlugin, PluginKind } = await import(plugin);

const hasSpace = (/** @type {string} */ text) => /\S\s/.test(text);

/**
 * @param {{ node: any }} path a node of Babel's tree
 * @returns {string | undefined} the reason to ignore it
 */
function shouldIgnore(path) {
  const { node } = path;
  const isText =
    (node.type === 'StringLiteral' && hasSpace(node.value)) ||
    (node.type === 'TemplateLiteral' && node.quasis.some((part) => hasSpace(part.value.raw)));
  return isText ? 'A sentence for people.' : undefined;
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'text', { shouldIgnore })];

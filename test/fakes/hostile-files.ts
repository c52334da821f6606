/** Files made to be slow to read: each shape repeats one thing that a reader could do too much work for. */

export interface HostileFile {
  /** With an extension, which chooses the reader. */
  name: string;
  /** The content, about this many bytes long. */
  make(bytes: number): string;
}

const repeated = (unit: string) => (bytes: number) =>
  unit.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(unit))));
const nested =
  (open: string, close: string, text = 'deep inside') =>
  (bytes: number) => {
    const depth = Math.max(1, Math.floor(bytes / (open.length + close.length)));
    return `${open.repeat(depth)}${text}${close.repeat(depth)}`;
  };
const after = (start: string, unit: string) => (bytes: number) => start + repeated(unit)(bytes);

export const hostileFiles: readonly HostileFile[] = [
  { name: 'nested-div.html', make: nested('<div>', '</div>') },
  { name: 'unclosed-div.html', make: repeated('<div>') },
  { name: 'unclosed-div-text.html', make: repeated('<div>a ') },
  { name: 'unclosed-span.html', make: repeated('<span>a') },
  { name: 'unclosed-p.html', make: repeated('<p>a ') },
  { name: 'unclosed-a.html', make: repeated('<a href=x>a ') },
  { name: 'unclosed-form.html', make: repeated('<form>a ') },
  { name: 'unclosed-li.html', make: repeated('<ul><li>a ') },
  { name: 'nested-table.html', make: repeated('<table><tr><td>a') },
  { name: 'nested-svg.html', make: nested('<svg>', '</svg>') },
  { name: 'unclosed-svg.html', make: repeated('<svg>a') },
  { name: 'unclosed-math.html', make: repeated('<math><mi>a') },
  { name: 'nested-foreign-object.html', make: repeated('<svg><foreignObject><p>a') },
  { name: 'nested-pre.html', make: nested('<pre>', '</pre>') },
  { name: 'nested-noscript.html', make: nested('<noscript>', '</noscript>') },
  { name: 'nested-object.html', make: nested('<object>', '</object>') },
  { name: 'closed-never-opened.html', make: after('<html>word ', '</div>') },
  { name: 'closed-p.html', make: repeated('</p>') },
  {
    name: 'closed-p-then-deep.html',
    make: (bytes) => '</p>'.repeat(bytes / 8) + '<b>'.repeat(bytes / 8),
  },
  { name: 'deep-then-closed-others.html', make: after('<div>word'.repeat(2000), '</span>') },
  { name: 'self-closing.html', make: repeated('<div/>a ') },
  { name: 'image.html', make: repeated('<image>a ') },
  { name: 'headings.html', make: repeated('<h1>a</h1>') },
  { name: 'unclosed-headings.html', make: repeated('<h1>a') },
  { name: 'nested-headings.html', make: repeated('<h1><h2>a') },
  { name: 'one-attribute.html', make: after('<p title="', 'a b ') },
  { name: 'attributes.html', make: after('<html><p ', 'a=b ') },
  { name: 'attributes-quoted.html', make: after('<html><p ', 'a="b" ') },
  { name: 'entities.html', make: after('<html>', '&amp;') },
  { name: 'entity-starts.html', make: after('<html>', '&am') },
  { name: 'long-entity.html', make: after('<html>&', 'amp') },
  { name: 'numeric-entity.html', make: after('<html>&#', '9') },
  { name: 'less-than.html', make: after('<html>word ', '<') },
  { name: 'less-than-spaced.html', make: after('<html>word ', '< ') },
  { name: 'unclosed-comments.html', make: after('<html>word ', '<!-- ') },
  { name: 'comments.html', make: after('<html>word ', '<!---->') },
  { name: 'comments-before.html', make: repeated('<!---->') },
  { name: 'comments-before-x.html', make: (bytes) => `${repeated('<!--a--> ')(bytes)}word` },
  { name: 'comment-dashes.html', make: after('<html><!--', '-') },
  { name: 'declarations.html', make: after('<html>word ', '<!a') },
  { name: 'processing.html', make: after('<html>word ', '<?a') },
  { name: 'cdata.html', make: after('<html><svg>word ', '<![CDATA[') },
  { name: 'unclosed-script.html', make: after('<html>word <script>', '</scrip') },
  { name: 'unclosed-title.html', make: after('<html><title>', '</titl') },
  { name: 'unclosed-textarea.html', make: after('<html><textarea>', '</textare &am') },
  { name: 'one-tag-name.html', make: after('<html><', 'a') },
  { name: 'spaces.html', make: after('<html>word', ' ') },
  { name: 'spaces-in-pre.html', make: after('<html><pre>word', ' \n') },
  { name: 'br.html', make: after('<html>word', '<br>') },
  { name: 'comments-before.bin', make: (bytes) => `${repeated('<!---->')(bytes)}word` },
  { name: 'quotes.md', make: repeated('>') },
  { name: 'quotes-spaced.md', make: repeated('> ') },
  { name: 'quote-lines.md', make: repeated('> a\n') },
  { name: 'nested-list.md', make: (bytes) => listOf(bytes) },
  { name: 'list-lines.md', make: repeated('- a\n') },
  { name: 'backticks.md', make: repeated('`') },
  { name: 'fences.md', make: repeated('```\n') },
  { name: 'growing-fences.md', make: (bytes) => growing('`', bytes) },
  { name: 'tildes.md', make: repeated('~~~~ ') },
  { name: 'brackets.md', make: repeated('[') },
  { name: 'links.md', make: repeated('[a](') },
  { name: 'parentheses.md', make: repeated('(') },
  { name: 'less-than.md', make: repeated('<') },
  { name: 'ampersands.md', make: repeated('&') },
  { name: 'stars.md', make: repeated('*') },
  { name: 'stars-spaced.md', make: repeated('**a ') },
  { name: 'underscores.md', make: repeated('_a') },
  { name: 'table-lines.md', make: repeated('|a|\n') },
  { name: 'dashes.md', make: repeated('-') },
  { name: 'dash-lines.md', make: repeated('a\n---\n') },
  { name: 'front-matter.md', make: after('---\n', 'a: b\n') },
  { name: 'front-matters.md', make: repeated('---\n') },
  { name: 'headings.md', make: repeated('# a\n') },
  { name: 'empty-headings.md', make: repeated('#\n') },
  { name: 'heading-hashes.md', make: repeated(`# a${' #'.repeat(180)}b\n`) },
  { name: 'heading-spaces.md', make: repeated(`# a${' '.repeat(380)}b\n`) },
  { name: 'hashes.md', make: repeated('#') },
  { name: 'unclosed-comment.md', make: repeated('<!-- ') },
  { name: 'no-name-quotes', make: repeated('> ') },
  { name: 'no-name-comments', make: (bytes) => `${repeated('<!---->')(bytes)}word` },
  { name: 'no-name-comments-spaced', make: (bytes) => `${repeated('<!-- --> \n')(bytes)}word` },
  { name: 'no-name-pipes', make: repeated('|') },
  { name: 'no-name-pipe-lines', make: repeated('|a|\n') },
  { name: 'no-name-pipe-spaces', make: repeated(`|${'|'.repeat(250)} \n \n`) },
  { name: 'no-name-brackets', make: repeated('[') },
  { name: 'no-name-short-brackets', make: (bytes) => repeated('[')(Math.min(bytes, 990_000)) },
  { name: 'no-name-short-objects', make: (bytes) => repeated('{"a":')(Math.min(bytes, 990_000)) },
  { name: 'no-name-stars', make: repeated('**a') },
  { name: 'no-name-dashes', make: repeated('a\n--- \n') },
  {
    name: 'no-name-blank-lines',
    make: (bytes) => `${repeated('a\n---\n \n')(bytes / 2)}${repeated('\n')(bytes / 2)}x`,
  },
  { name: 'shebang', make: after('#!', 'a ') },
  { name: 'deep.json', make: nested('[', ']', '1') },
  { name: 'deep-objects.json', make: repeated('{"a":') },
  { name: 'deep.ipynb', make: nested('{"cells":[', ']}', '1') },
  { name: 'deep.yaml', make: repeated('- ') },
  { name: 'deep.xml', make: nested('<a>', '</a>') },
  { name: 'keywords.ts', make: repeated('export default async ') },
  { name: 'keyword-lines.ts', make: repeated('export default async\n\n') },
  { name: 'one-line.txt', make: repeated('a') },
  { name: 'one-line-spaced.txt', make: repeated('a ') },
  { name: 'one-line-unspaced-script.txt', make: repeated('漢') },
  { name: 'lines.txt', make: repeated('a\n') },
  { name: 'paragraphs.txt', make: repeated('a\n\n') },
  { name: 'blank.txt', make: repeated('\n') },
  { name: 'blank-then-word.txt', make: (bytes) => `${repeated('\n')(bytes)}word` },
  { name: 'spaces-then-word.txt', make: (bytes) => `${repeated(' ')(bytes)}word` },
  { name: 'word-then-spaces.txt', make: after('word', ' ') },
  { name: 'trailing-spaces.txt', make: repeated(`a${' '.repeat(3000)}\n`) },
  { name: 'carriage-returns.txt', make: repeated('\r') },
  { name: 'combining.txt', make: after('a', '\u0301\u0323') },
  { name: 'combining-lines.txt', make: repeated(`a${'\u0323\u0301'.repeat(300)}\n`) },
  { name: 'surrogates.txt', make: repeated('😀') },
  { name: 'ligatures.txt', make: repeated('ﷺ') },
  { name: 'nul.txt', make: repeated('\0') },
  { name: 'escape.txt', make: repeated('\u001b[0m') },
  { name: 'zero-width.txt', make: repeated('\u200b') },
];

function listOf(bytes: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let depth = 0; length < bytes; depth += 1) {
    const line = `${' '.repeat((depth * 2) % 4000)}- a`;
    lines.push(line);
    length += line.length + 1;
  }
  return lines.join('\n');
}

function growing(unit: string, bytes: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let count = 3; length < bytes; count = count > 390 ? 3 : count + 1) {
    lines.push(unit.repeat(count));
    length += count + 1;
  }
  return lines.join('\n');
}

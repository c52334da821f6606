import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_HEADINGS } from '../../../../electron/core/indexing/blocks.ts';
import { createBoundedParser } from '../../../../electron/core/indexing/bounded-parser.ts';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';
import { extractHtml } from '../../../../electron/core/indexing/html.ts';
import { recognise } from '../../../../electron/core/indexing/recognise-file.ts';
import { hostileFiles } from '../../../fakes/hostile-files.ts';

/** What the parser of HTML does with a source: its events, and the most elements that it held at once. */
function parse(
  source: string,
  maxOpen = 8,
  separate: readonly string[] = ['svg', 'script'],
  maxSeparate = 4,
) {
  const events: string[] = [];
  let most = 0;
  const note = (event: string) => {
    events.push(event);
    most = Math.max(most, parser.open);
  };
  const parser = createBoundedParser({
    maxOpen,
    separate: { names: new Set(separate), maxOpen: maxSeparate },
    onopentag: (name) => note(`<${name}>`),
    onclosetag: (name) => note(`</${name}>`),
    // Inside a script a tag is text.
    ontext: (data) => note(`text ${data}`),
  });
  parser.write(source);
  parser.end();
  return { events, most, open: parser.open };
}

describe('the parser of HTML', () => {
  it('reports an element beyond its limit as closed where it opens, followed by its text', () => {
    const { events, most } = parse(`${'<div>'.repeat(3)}deep${'</div>'.repeat(3)}`, 2);
    expect(events).toEqual(['<div>', '<div>', '<div>', '</div>', 'text deep', '</div>', '</div>']);
    expect(most).toBe(2);
  });

  it('reports the same as the original parser if nothing is too deep', () => {
    const source =
      '<ul><li>a<br><li>b<p>c<p>d</ul><svg><path/><title>t</title></svg><form>x<form>y</form></p>z';
    const { events, open } = parse(source);
    expect(events).toEqual(parse(source, 1000, [], 0).events);
    expect(events.filter((event) => /^<[a-z]/.test(event))).toHaveLength(
      events.filter((event) => event.startsWith('</')).length,
    );
    expect(open).toBe(0);
  });

  it('never has more open elements than its limits, and reports as many ends as starts', () => {
    const tag = fc.constantFrom(
      ...[
        'div',
        'p',
        'a',
        'li',
        'svg',
        'path',
        'script',
        'form',
        'td',
        'br',
        'h1',
        'image',
        'foreignObject',
        'math',
      ],
    );
    const piece = fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name}>`),
      tag.map((name) => `<${name}/>`),
      fc.constantFrom('text ', '<', '</', '<!--', '-->', '&amp;', '<div a="', '"', '<![CDATA[', ']]>'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const { events, most } = parse(pieces.join(''));
        expect(most).toBeLessThanOrEqual(8 + 4);
        const count = (pattern: RegExp) => events.filter((event) => pattern.test(event)).length;
        // The last tag may not come to its own end.
        expect([0, 1]).toContain(count(/^<\/[a-z0-9]+>$/i) - count(/^<[a-z0-9]+>$/i));
        // Linear: each piece begins a bounded number of elements.
        expect(count(/^<[a-z0-9]+>$/i)).toBeLessThanOrEqual(pieces.length + 1);
      }),
      { examples: [[['<script>', '<div>']]] },
    );
  });

  it('counts correctly when there are end tags without start tags', () => {
    expect(parse(`${'</p>'.repeat(50)}${'<div>'.repeat(50)}`).most).toBe(8);
    expect(parse(`${'</br></svg></div>'.repeat(50)}${'<svg>'.repeat(50)}`).most).toBe(4);
  });

  it('reports in proportion to the length, however deep', () => {
    const eventsOf = (depth: number) =>
      parse('<div>'.repeat(depth) + '</div>'.repeat(depth), 256).events.length;
    expect(eventsOf(20_000)).toBe(2 * 20_000);
    expect(eventsOf(40_000)).toBe(2 * eventsOf(20_000));
  });
});

describe('hostile files', () => {
  // One that took more than linear time would not come to an end: 150,000 open elements alone took 14 s.
  it.each(hostileFiles.map((file) => [file.name, file] as const))('%s is read', (name, file) => {
    const cut = cutFile(Buffer.from(file.make(300_000)), name, 400);
    if (!cut.ok) {
      expect(['FILE_EMPTY', 'FILE_BINARY']).toContain(cut.code);
      return;
    }
    expect(cut.chunks.length).toBeLessThanOrEqual(2 * MAX_HEADINGS + 1000);
    for (const chunk of cut.chunks) expect(chunk.endByte).toBeGreaterThan(chunk.startByte);
  });

  it('the text of a page is found however deep it is', () => {
    const page = (depth: number) =>
      `${'<div><span>'.repeat(depth)}deep words${'</span></div>'.repeat(depth)}<p>after`;
    expect(extractHtml(page(100_000)).text).toBe('deep words\n\nafter');
    const cut = cutFile(Buffer.from(page(100_000)), 'a.html', 400);
    expect(cut).toMatchObject({ ok: true, chunks: [{ text: 'deep words\n\nafter' }] });
  });

  it('what a page does not show is left out, however deep it is', () => {
    const deep = '<div>'.repeat(1000);
    expect(
      extractHtml(`${deep}<script>no()</script>yes<svg><text>no</text></svg><style>no</style>`).text,
    ).toBe('yes');
    expect(extractHtml(`${deep}<pre>a  b\n c</pre>`).text).toContain('a');
  });

  it('headings beyond the limit are ordinary lines', () => {
    const count = MAX_HEADINGS + 500;
    const text = Array.from({ length: count }, (_, at) => `# h${at}\n\nx`).join('\n\n');
    const cut = cutFile(Buffer.from(text), 'a.md', 400);
    if (!cut.ok) throw new Error(cut.code);
    expect(cut.chunks.length).toBeGreaterThanOrEqual(MAX_HEADINGS);
    expect(cut.chunks.length).toBeLessThan(MAX_HEADINGS + 100);
    expect(cut.chunks.at(-1)?.text).toContain(`# h${count - 1}`);
    const page = Array.from({ length: count }, (_, at) => `<h1>h${at}</h1><p>x`).join('');
    expect(extractHtml(page).headings).toHaveLength(MAX_HEADINGS);
  });

  it('a page is recognised by what follows its comments', () => {
    const kindOf = (text: string) => {
      const found = recognise(Buffer.from(text), 'page');
      return found.ok ? found.kind : found.code;
    };
    const comments = '<!-- a --> <!---->\n'.repeat(40);
    expect(kindOf(`\n${comments}<!DOCTYPE html><p>a`)).toBe('html');
    expect(kindOf(`${comments}<html lang=en>a`)).toBe('html');
    expect(kindOf(`${comments}<htmlish>a`)).toBe('text');
    expect(kindOf(`${comments}a`)).toBe('text');
    expect(kindOf('<!-- <html> a')).toBe('text');
  });
});

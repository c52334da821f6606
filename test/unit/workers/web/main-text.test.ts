import { describe, expect, it } from 'vitest';
import { readPage } from '../../../../electron/workers/web/main-text.ts';
import { shallowHtml } from '../../../../electron/workers/web/shallow-html.ts';

const page = (html: string, charset: string | null = null) => readPage(Buffer.from(html), charset);
const paragraph =
  'A pilot light is a small flame that stays lit, so that a larger burner can be lit at any time. ';
const article = (more = '') =>
  `<!doctype html><html lang="en"><head><title>Pilot lights – Example</title><meta name="author" content="Ada"></head>
  <body><nav><a href="/">Home</a><a href="/a">Advertisement</a></nav><article><h1>Pilot lights</h1>
  <p>${paragraph.repeat(3)}</p><h2>History</h2><p>${paragraph.repeat(3)}</p>${more}</article>
  <footer>All rights reserved</footer><script>var secret = 1;</script></body></html>`;

describe('the main text of a page', () => {
  it('is its article, with its headings and without what is around it', async () => {
    const { text, title, about } = await page(article());
    expect(title).toMatch(/^Pilot lights/);
    expect(text).toContain('## History');
    expect(text).toContain('small flame');
    expect(text).not.toMatch(/Advertisement|rights reserved|secret/);
    expect(about).toMatchObject({ mainText: true, language: 'en' });
  });

  it('is the whole page where there is no article', async () => {
    const { text, about } = await page('<title>List</title><ul><li>one<li>two</ul>');
    expect(text).toBe('List\n\none\n\ntwo');
    expect(about.mainText).toBe(false);
  });

  it('is found in a page that nests 5,000 elements', async () => {
    const deep = `${'<div>'.repeat(5000)}<p>deepest text</p>${'</div>'.repeat(5000)}`;
    const { text, about } = await page(article(deep));
    expect(text).toContain('deepest text');
    expect(about.mainText).toBe(true);
  });

  it('is read without a tree where a page has very many elements', async () => {
    const { text, about } = await page(`<html><body>${'<p>row</p>'.repeat(40_000)}`);
    expect(about.mainText).toBe(false);
    expect(text.match(/row/g)).toHaveLength(40_000);
  });

  it('has the encoding that its bytes have, whatever it or its server says', async () => {
    const word = 'Größe';
    const latin = Buffer.from(article().replace('History', word), 'latin1');
    const utf8 = Buffer.from(article().replace('History', word));
    for (const [bytes, charset] of [
      [latin, 'utf-8'],
      [latin, 'iso-8859-1'],
      [latin, 'nonsense'],
      [utf8, 'iso-8859-1'],
      [utf8, null],
    ] as const) {
      expect((await readPage(bytes, charset)).text).toContain(word);
    }
    const greek = Buffer.from([0xca, 0xe1, 0xeb, 0xe7, 0xec, 0xdd, 0xf1, 0xe1]);
    expect((await readPage(greek, 'iso-8859-7')).text).toBe('Καλημέρα');
  });

  it.each([
    ['no text', '<html><body><script>x</script></body></html>', 'FILE_EMPTY'],
    ['no bytes', '', 'FILE_EMPTY'],
    ['zero bytes', '\0'.repeat(100), 'FILE_BINARY'],
  ])('is refused if there is %s', async (_what, html, code) => {
    await expect(page(html)).rejects.toMatchObject({ code });
  });
});

describe('a page with a limited depth', () => {
  it('keeps every text, attributes and void elements', () => {
    const html = '<p class="a">one<br>two<img src=x>&amp;</p></p><ul><li>x<li>y</ul>';
    expect(shallowHtml(html)?.html).toBe(
      '<p class="a">one<br>two<img src=x>&amp;</p><p></p><ul><li>x</li><li>y</li></ul>',
    );
  });

  it('leaves out what is too deep, and what no article has', () => {
    const { html, depth, flattened } = shallowHtml(`${'<b>'.repeat(1000)}x<script><b>no</script>y`, {
      maxDepth: 10,
    }) ?? {
      ...{ html: '', depth: 0, flattened: false },
    };
    expect(html).toBe(`${'<b>'.repeat(10)}xy${'</b>'.repeat(10)}`);
    expect({ depth, flattened }).toEqual({ depth: 10, flattened: true });
  });

  it('gives up a page with more elements than a tree should have', () => {
    expect(shallowHtml('<i>x</i>'.repeat(11), { maxElements: 10 })).toBeNull();
    expect(shallowHtml('<i>x</i>'.repeat(10), { maxElements: 10 })?.elements).toBe(10);
  });
});

/** The spans inside a line of Markdown. Pure. */

export interface Span {
  /** Where it begins in the text. */
  at: number;
  kind: 'text' | 'code' | 'strong' | 'emphasis' | 'link' | 'image';
  text: string;
  /** Of a link that leads to the web; others are shown as text. */
  href?: string;
}

/** Code first: nothing in it counts. Lengths are limited, so that no text takes long. */
const SPANS =
  /(?<code>(?<ticks>`{1,8})(?!`)(?<inner>[^\n]{1,500}?)(?<!`)\k<ticks>(?!`))|(?<image>!\[(?<alt>[^\]\n]{0,300})\]\([^)\s]{0,1000}\))|(?<link>\[(?<label>[^\]\n]{1,300})\]\((?<href>[^)\s]{0,1000})(?:\s+"[^"\n]{0,300}")?\))|(?<strong>(?:\*\*|__)(?=\S)(?<bold>[^\n]{1,500}?\S|\S)(?:\*\*|__))|(?<emphasis>(?<![\w*])[*_](?=[^\s*_])(?<leaning>[^*_\n]{1,300})(?<=\S)[*_](?![\w*]))/g;

export function markdownSpans(text: string): Span[] {
  const spans: Span[] = [];
  let done = 0;
  const plain = (to: number) => {
    if (to > done) spans.push({ at: done, kind: 'text', text: text.slice(done, to) });
  };
  for (const match of text.matchAll(SPANS)) {
    const { index: at, groups = {} } = match;
    plain(at);
    done = at + match[0].length;
    if (groups.code !== undefined) spans.push({ at, kind: 'code', text: (groups.inner ?? '').trim() });
    else if (groups.image !== undefined) spans.push({ at, kind: 'image', text: groups.alt ?? '' });
    else if (groups.link !== undefined) {
      const href = groups.href ?? '';
      const isWeb = /^https?:\/\//i.test(href);
      spans.push({ at, kind: 'link', text: groups.label ?? '', ...(isWeb && { href }) });
    } else if (groups.strong !== undefined) spans.push({ at, kind: 'strong', text: groups.bold ?? '' });
    else spans.push({ at, kind: 'emphasis', text: groups.leaning ?? '' });
  }
  plain(text.length);
  return spans;
}

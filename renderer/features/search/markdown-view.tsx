// biome-ignore-all lint/a11y/useSemanticElements: a group that scrolls is no set of fields.
import type { ReactNode } from 'react';
import { type Lines, type MarkdownBlock, markdownBlocks } from './markdown-blocks.ts';
import { markdownSpans, type Span } from './markdown-spans.ts';

/**
 * @param lines of the passage, from 0, both included
 * @param highest level on the page of the text's highest heading; default: each is two below its own
 */
export function MarkdownView({ text, lines, highest }: { text: string; lines: Lines; highest?: number }) {
  const blocks = markdownBlocks(text);
  const levels = blocks.flatMap((block) => (block.kind === 'heading' ? [block.level] : []));
  const below = highest === undefined ? 2 : highest - Math.min(...levels);
  const inPassage = (block: Lines) => block.first <= lines.last && block.last >= lines.first;
  const first = blocks.findIndex(inPassage);
  return (
    <div className="grid max-w-[72ch] grid-cols-[minmax(0,1fr)] gap-3 text-sm leading-6">
      {blocks.map((block, at) => (
        <div
          key={block.first}
          data-passage={at === first ? true : undefined}
          className={
            inPassage(block) ? '-ml-3 border-l-2 border-flame bg-flame-wash py-0.5 pl-2.5' : undefined
          }
        >
          <Block block={block} below={below} />
        </div>
      ))}
    </div>
  );
}

const sizes = ['text-lg', 'text-base', 'text-sm', 'text-sm', 'text-sm', 'text-sm'];

function Block({ block, below }: { block: MarkdownBlock; below: number }): ReactNode {
  switch (block.kind) {
    case 'heading':
      return (
        // Levels of the file: the document itself is at the third, unless the page says otherwise.
        <div
          role="heading"
          aria-level={Math.min(6, block.level + below)}
          className={`mt-2 font-semibold break-words ${sizes[block.level - 1] ?? 'text-sm'}`}
        >
          <Spans text={block.text} />
        </div>
      );
    case 'paragraph':
      return (
        <p className="break-words whitespace-pre-line">
          <Spans text={block.text} />
        </p>
      );
    case 'quote':
      return (
        <blockquote className="border-l-2 border-line-strong pl-3 break-words whitespace-pre-line text-soft">
          <Spans text={block.text} />
        </blockquote>
      );
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it.
        <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs leading-5">
          {block.text}
        </pre>
      );
    case 'list':
      return (
        <ul className="grid gap-1">
          {block.items.map((item) => (
            <li
              key={item.first}
              style={{ paddingLeft: `${Math.min(item.depth, 8) * 1.25}rem` }}
              className="flex gap-2"
            >
              <span className="shrink-0 text-faint">
                {item.done === null ? item.mark : item.done ? '☑' : '☐'}
              </span>
              <span className="min-w-0 break-words">
                <Spans text={item.text} />
              </span>
            </li>
          ))}
        </ul>
      );
    case 'table':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it.
        <div tabIndex={0} role="group" aria-label="Table" className="overflow-x-auto">
          <table className="text-left text-[0.8125rem]">
            <thead>
              <tr>{cells(block.head, 'th')}</tr>
            </thead>
            <tbody>
              {block.rows.map((row, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a file have no other name.
                <tr key={at}>{cells(row, 'td')}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case 'rule':
      return <hr className="border-line-strong" />;
  }
}

const cells = (row: readonly string[], Cell: 'th' | 'td') =>
  row.map((text, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a file have no other name.
    <Cell key={at} className="border-b border-line py-1 pr-4 align-top">
      <Spans text={text} />
    </Cell>
  ));

const Spans = ({ text }: { text: string }) =>
  markdownSpans(text).map(({ at, ...span }) => <SpanView key={at} {...span} />);

function SpanView({ kind, text: inner, href }: Omit<Span, 'at'>): ReactNode {
  switch (kind) {
    case 'text':
      return <span>{inner}</span>;
    case 'code':
      return <code className="rounded bg-raised px-1 py-0.5 font-mono text-[0.85em]">{inner}</code>;
    case 'strong':
      return (
        <strong className="font-semibold">
          <Spans text={inner} />
        </strong>
      );
    case 'emphasis':
      return <em>{inner}</em>;
    case 'image':
      return <span className="text-faint">{inner === '' ? 'Image' : `Image: ${inner}`}</span>;
    case 'link':
      return href === undefined ? (
        <span className="underline decoration-line-strong underline-offset-2">{inner}</span>
      ) : (
        <a
          href={href}
          target="_blank"
          rel="noreferrer"
          className="underline decoration-line-strong underline-offset-2 hover:text-flame-text"
        >
          {inner}
        </a>
      );
  }
}

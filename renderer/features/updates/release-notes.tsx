import { MarkdownView } from '../search/markdown-view.tsx';

/** Markdown of a release. Pictures are only named, and nothing is loaded from anywhere. */
export default function ReleaseNotes({ text }: { text: string }) {
  return <MarkdownView text={text} lines={nowhere} highest={3} />;
}

/** No passage is marked. */
const nowhere = { first: -1, last: -1 };

import { Fragment } from 'react';

/** Text with the parts between backticks shown as code. */
export function WithCode({ text }: { text: string }) {
  return text.split('`').map((part, index, { length }) => {
    const isCode = index % 2 === 1 && index < length - 1;
    const key = `${index} ${part}`;
    if (isCode)
      return (
        <code key={key} className="font-mono text-[0.9em] break-words text-text">
          {part}
        </code>
      );
    return <Fragment key={key}>{index % 2 === 1 ? `\`${part}` : part}</Fragment>;
  });
}

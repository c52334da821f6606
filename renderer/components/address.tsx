import { useRef } from 'react';
import { CopyButton } from './copy-button.tsx';

/** An address, with a button that copies it. */
export function Address({ url }: { url: string }) {
  const shown = useRef<HTMLElement>(null);
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
      <code ref={shown} className="min-w-0 font-mono text-[0.8125rem] break-all select-all">
        {url}
      </code>
      <CopyButton from={shown} what="Address" label={url} />
    </span>
  );
}

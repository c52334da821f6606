import { Check, Copy } from 'lucide-react';
import { type RefObject, useState } from 'react';
import { Button } from './button.tsx';
import { copyText } from './copy-text.ts';

/** Copies the text of an element. `what` names it, as in “Address copied”; `label` says which one, for a screen reader. */
export function CopyButton({
  from,
  what,
  label,
}: {
  from: RefObject<HTMLElement | null>;
  what: string;
  label: string;
}) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');

  async function copy(): Promise<void> {
    if (from.current) setCopied((await copyText(from.current)) ? 'yes' : 'refused');
  }

  return (
    <>
      <Button
        size="small"
        aria-label={`${copied === 'yes' ? 'Copied' : 'Copy'}: ${label}`}
        onClick={() => void copy()}
      >
        {copied === 'yes' ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
        {copied === 'yes' ? 'Copied' : 'Copy'}
      </Button>
      <span role="status" className={copied === 'refused' ? 'text-xs text-soft' : 'sr-only'}>
        {copied === 'yes' && `${what} copied`}
        {copied === 'refused' &&
          'The browser did not allow it. The text is selected: copy it with the keyboard.'}
      </span>
    </>
  );
}

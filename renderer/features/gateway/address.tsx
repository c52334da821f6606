import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';

/** The address of the gateway, with a button that copies it. */
export function Address({ url }: { url: string }) {
  const shown = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');

  async function copy(): Promise<void> {
    if (shown.current) setCopied((await copyText(shown.current)) ? 'yes' : 'refused');
  }

  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
      <code ref={shown} className="min-w-0 font-mono text-[0.8125rem] break-all select-all">
        {url}
      </code>
      <Button
        size="small"
        aria-label={`${copied === 'yes' ? 'Copied' : 'Copy'}: ${url}`}
        onClick={() => void copy()}
      >
        {copied === 'yes' ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
        {copied === 'yes' ? 'Copied' : 'Copy'}
      </Button>
      <span role="status" className={copied === 'refused' ? 'text-xs text-soft' : 'sr-only'}>
        {copied === 'yes' && 'Address copied'}
        {copied === 'refused' &&
          'The browser did not allow it. The address is selected: copy it with the keyboard.'}
      </span>
    </span>
  );
}

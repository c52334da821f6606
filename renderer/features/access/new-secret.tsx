import { Check, Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';

/** A new secret, the only time that it is shown. */
export function NewSecret({ secret, onDone }: { secret: string; onDone(): void }) {
  const shown = useRef<HTMLOutputElement>(null);
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');

  async function copy(): Promise<void> {
    if (shown.current) setCopied((await copyText(shown.current)) ? 'yes' : 'refused');
  }

  return (
    <div className="grid gap-3">
      <p className="text-soft">
        Copy it now. Pilotlight keeps only its digest, so it cannot be shown again; if you lose it, rotate the
        key.
      </p>
      <div className="flex flex-wrap items-center gap-2 rounded-lg border border-line-strong bg-sunken p-2 pl-3">
        <output
          ref={shown}
          className="min-w-0 flex-1 basis-60 font-mono text-[0.8125rem] break-all select-all"
          aria-label="The key"
        >
          {secret}
        </output>
        <Button tone="primary" size="small" onClick={() => void copy()}>
          {copied === 'yes' ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
          {copied === 'yes' ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p className="min-h-4 text-xs text-faint" role="status">
        {copied === 'refused'
          ? 'The browser did not allow it. The key is selected: copy it with the keyboard.'
          : 'Programs send it as: Authorization: Bearer KEY'}
      </p>
      <div className="flex justify-end">
        <Button onClick={onDone}>Done</Button>
      </div>
    </div>
  );
}

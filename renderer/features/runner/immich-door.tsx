import { Copy } from 'lucide-react';
import { useRef, useState } from 'react';
import type { ImmichView } from '../../../shared/models/immich.ts';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { StateGlyph } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { immichStore, useImmich } from '../../stores/immich.ts';
import { textOf } from '../../texts.ts';
import { settingHref } from '../shell/route.ts';
import { doorText } from './immich-text.ts';

/** The door for Immich: how it is, the address to enter there, and what is wrong. Nothing while it is off. */
export function ImmichDoor() {
  useKeep(immichStore);
  const door = useImmich();
  if (door === null || door.state === 'off') return null;
  const { glyph, label, isTrouble, about, failure } = doorText(door);
  return (
    <section aria-label="Immich" className={`${cardClass} mb-4 grid gap-3 p-4`}>
      <header className="flex items-start gap-3">
        <StateGlyph state={glyph} size={20} />
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold">Immich</h2>
          <p className={`text-[0.8125rem] ${isTrouble ? 'text-trouble-text' : 'text-soft'}`}>{label}</p>
          {about !== '' && <p className="text-[0.8125rem] text-faint">{about}</p>}
        </div>
        <a
          href={settingHref('immich.on')}
          className="rounded text-[0.8125rem] text-soft underline-offset-2 hover:text-text hover:underline"
        >
          Settings<span className="sr-only"> of the door for Immich</span>
        </a>
      </header>
      <Address door={door} />
      {door.problem !== null && (
        <Problem
          message={textOf(door.problem.message)}
          next={textOf(door.problem.next)}
          code={door.problem.code}
          compact
        />
      )}
      {failure !== null && failure !== '' && (
        <Problem
          message={failure}
          next="Pictures wait as long as the setting allows. Run Diagnose on the machine if it stays so."
          compact
        />
      )}
      {door.missing.length > 0 && (
        <p className="text-[0.8125rem] text-soft">
          No runner has{' '}
          {door.missing.map((model, index) => (
            <span key={model}>
              {index > 0 && ', '}
              <code className="[overflow-wrap:anywhere]">{model}</code>
            </span>
          ))}
          . Let Immich’s own machine learning download it once, then set its model folder where the GPU is.
        </p>
      )}
    </section>
  );
}

/** The one that other computers reach, where there is one. */
function Address({ door }: { door: ImmichView }) {
  const address = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  const url = door.urls.at(-1);
  if (url === undefined) return null;
  const copy = async () => {
    if (address.current !== null) setCopied(await copyText(address.current));
  };
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg bg-sunken px-3 py-2 text-[0.8125rem]">
      <span className="text-soft">Machine learning URL in Immich</span>
      <code ref={address} className="min-w-0 break-all">
        {url}
      </code>
      <Button size="small" onClick={() => void copy()}>
        <Copy size={14} aria-hidden="true" /> {copied ? 'Copied' : 'Copy'}
        <span className="sr-only"> the address for Immich</span>
      </Button>
    </div>
  );
}

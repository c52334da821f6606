import { useRef, useState } from 'react';
import type { ImmichView } from '../../../shared/models/immich.ts';
import { plural } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { cardClass } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { immichStore, useImmich } from '../../stores/immich.ts';
import { textOf } from '../../texts.ts';
import { settingHref } from '../shell/route.ts';

/** The door for Immich: the address to enter there, what waits, and the last wake. Nothing while it is off. */
export function ImmichDoor() {
  useKeep(immichStore);
  const door = useImmich();
  const address = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  if (door === null || door.state === 'off') return null;
  // The address that other computers reach, where there is one.
  const url = door.urls.at(-1);
  const copy = async () => {
    if (address.current !== null) setCopied(await copyText(address.current));
  };
  return (
    <section aria-label="Immich" className={`${cardClass} mb-4 px-4 py-3`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 className="font-medium">Immich</h2>
        {url !== undefined && (
          <>
            <code ref={address} className="min-w-0 break-all">
              {url}
            </code>
            <Button onClick={() => void copy()}>{copied ? 'Copied' : 'Copy the address'}</Button>
          </>
        )}
        <span className="text-soft">{stateText(door)}</span>
        <a href={settingHref('immich.on')} className="ml-auto text-soft underline">
          Settings
        </a>
      </div>
      {door.problem !== null && (
        <p className="mt-2 text-soft">
          {textOf(door.problem.message)} {textOf(door.problem.next)}
        </p>
      )}
      {door.missing.length > 0 && <p className="mt-2 text-soft">No runner has {door.missing.join(', ')}.</p>}
    </section>
  );
}

function stateText({ held, working, lastWake }: ImmichView): string {
  const now = held + working === 0 ? 'Idle' : `${plural(held, 'request')} waiting, ${working} in progress`;
  if (lastWake === null) return now;
  const { name, outcome, at, reason } = lastWake;
  const time = new Date(at).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
  switch (outcome) {
    case 'running':
      return `${now} · waking ${name}`;
    case 'awake':
      return `${now} · ${name} woke at ${time}`;
    case 'failed':
      return `${now} · ${name} did not wake at ${time}: ${reason}`;
    case 'abandoned':
      return now;
  }
}

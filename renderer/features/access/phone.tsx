import { useEffect, useRef, useState } from 'react';
import type { PanelNetworkView, PanelNetworkWish } from '../../../shared/models/access.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { useAction } from '../../components/use-action.ts';
import { InstallHint } from './install-hint.tsx';
import { PairCode } from './pair-code.tsx';

const tlsOptions: Record<PanelNetworkWish['tls'], string> = {
  off: 'Off: others on the network could read along',
  made: 'With a certificate made here',
  own: 'With a certificate of my own',
};

/** Opens the panel on a phone: chooses addresses of this computer, and shows a code that signs a device in. */
export default function Phone() {
  const [view, setView] = useState<PanelNetworkView | null>(null);
  const [wish, setWish] = useState<PanelNetworkWish | null>(null);
  const [names, setNames] = useState('');
  const fingerprint = useRef<HTMLSpanElement>(null);
  const { busy, run } = useAction();

  useEffect(() => {
    const abort = new AbortController();
    client.call('access.network', {}, { signal: abort.signal }).then(
      (found) => {
        setView(found);
        setWish(found.wish);
        setNames(found.wish.names.join(', '));
      },
      () => undefined,
    );
    return () => abort.abort();
  }, []);
  if (view === null || wish === null)
    return <p className="py-3 text-[0.8125rem] text-faint">Not available here.</p>;

  const change = (patch: Partial<PanelNetworkWish>) => setWish({ ...wish, ...patch });
  const apply = (next: PanelNetworkWish) =>
    run(
      async () => {
        const applied = await client.call('access.setNetwork', next);
        setView(applied);
        setWish(applied.wish);
      },
      next.addresses.length === 0 ? 'Closed for other devices' : 'Open for other devices',
    );
  const listed = names.split(/[\s,]+/).filter((name) => name !== '');
  const isOpen = view.open.length > 0;

  return (
    <div className="grid gap-3 py-3">
      <fieldset className="grid gap-1.5">
        <legend className="mb-1 text-[0.8125rem] font-medium">Addresses of this computer</legend>
        {view.choices.map(({ address, name }) => (
          <label key={address} className="flex items-center gap-2 text-[0.8125rem]">
            <input
              type="checkbox"
              checked={wish.addresses.includes(address)}
              onChange={(event) =>
                change({
                  addresses: event.target.checked
                    ? [...wish.addresses, address]
                    : wish.addresses.filter((one) => one !== address),
                })
              }
            />
            <span className="font-mono">{address}</span> <span className="text-faint">{name}</span>
          </label>
        ))}
        {view.choices.length === 0 && <p className="text-[0.8125rem] text-faint">No network address found</p>}
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField
          label="Port"
          type="number"
          min={1}
          max={65_535}
          value={String(wish.port)}
          onChange={(event) => change({ port: Number(event.target.value) })}
        />
        <SelectField
          label="HTTPS"
          value={wish.tls}
          onChange={(event) => change({ tls: event.target.value as PanelNetworkWish['tls'] })}
        >
          {Object.entries(tlsOptions).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      {wish.tls === 'own' && (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField
            label="Certificate file"
            mono
            value={wish.certificateFile ?? ''}
            onChange={(event) => change({ certificateFile: event.target.value || null })}
          />
          <TextField
            label="Key file"
            mono
            value={wish.keyFile ?? ''}
            onChange={(event) => change({ keyFile: event.target.value || null })}
          />
        </div>
      )}
      <TextField
        label="Names"
        optional
        mono
        hint="Host names at which a browser opens it, such as that of a certificate or a reverse proxy"
        value={names}
        onChange={(event) => setNames(event.target.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button
          tone="primary"
          busy={busy}
          disabled={wish.addresses.length === 0}
          onClick={() => apply({ ...wish, names: listed })}
        >
          {isOpen ? 'Apply' : 'Open for other devices'}
        </Button>
        {(isOpen || view.problems.length > 0) && (
          <Button busy={busy} onClick={() => apply({ ...wish, addresses: [] })}>
            Close
          </Button>
        )}
      </div>
      {view.problems.map(({ address, message }) => (
        <p key={address} role="alert" className="text-[0.8125rem] text-trouble-text">
          <span className="font-mono">{address}</span>: {message}
        </p>
      ))}
      {view.fingerprint && (
        <div className="text-[0.8125rem]">
          <p className="text-soft">
            Fingerprint of the certificate (SHA-256). Compare it with what the phone shows.
          </p>
          <p className="flex items-start gap-2 font-mono text-xs break-all">
            <span ref={fingerprint}>{view.fingerprint}</span>{' '}
            <CopyButton from={fingerprint} what="Fingerprint" label="Copy the fingerprint" />
          </p>
        </div>
      )}
      {view.open.map(({ address, url }) => (
        <PairCode key={url} address={address} url={url} />
      ))}
      <InstallHint />
    </div>
  );
}

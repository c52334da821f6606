import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatMemory } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { toastDone } from '../../stores/toasts.ts';
import { formOf, type NodeForm, readForm } from './node-form.ts';

/** The core names its parameter; the dialog shows it in gigabytes. */
const fieldOfParameter: Record<string, keyof NodeForm> = {
  url: 'url',
  name: 'name',
  mac: 'mac',
  wakeDestinations: 'wakeDestinations',
  secureOn: 'secureOn',
  vramBytes: 'vramGigabytes',
};

const fieldOfCode: Record<string, keyof NodeForm> = {
  BAD_URL: 'url',
  BAD_MAC: 'mac',
  BAD_DESTINATION: 'wakeDestinations',
  ALREADY_EXISTS: 'url',
};

/** Adds a node, or changes one. */
export function NodeDialog({
  node = null,
  url = '',
  onClose,
}: {
  node?: NodeView | null;
  url?: string;
  onClose(): void;
}) {
  const [form, setForm] = useState(() => formOf(node, url));
  const [errors, setErrors] = useState<Partial<Record<keyof NodeForm, string>>>({});
  const [problem, setProblem] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const local = node?.kind === 'this-computer';

  const field = (name: keyof NodeForm) => ({
    value: form[name],
    error: errors[name],
    onChange: (event: { target: { value: string } }) => {
      setForm({ ...form, [name]: event.target.value });
      setErrors({ ...errors, [name]: undefined });
    },
  });

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setProblem(null);
    const read = readForm(local && form.url === '' ? { ...form, url: 'none' } : form);
    if ('error' in read) {
      setErrors({ [read.error.field]: read.error.message });
      return;
    }
    setBusy(true);
    try {
      if (node) {
        const { url: newUrl, ...rest } = read.input;
        const sameUrl = newUrl === node.url || (local && form.url === '');
        const sameVram = form.vramGigabytes === formOf(node).vramGigabytes;
        const { vramBytes, secureOn, ...others } = rest;
        const password = secureOn === '-' ? null : secureOn;
        await client.call('fleet.update', {
          nodeId: node.id,
          ...others,
          ...(sameUrl ? {} : { url: newUrl }),
          ...(password === undefined || secureOn === null ? {} : { secureOn: password }),
          ...(sameVram || vramBytes === undefined ? {} : { vramBytes }),
        });
        toastDone(`${form.name || node.name} was saved.`);
      } else {
        const added = await client.call('fleet.add', read.input);
        toastDone(`${added.name} was added.`);
      }
      onClose();
    } catch (error) {
      const wire = toWireError(error);
      const named = typeof wire.details?.field === 'string' ? wire.details.field.split('.')[0] : undefined;
      const at = (named && fieldOfParameter[named]) || fieldOfCode[wire.code];
      if (at) setErrors({ [at]: `${wire.message} ${wire.next}` });
      else setProblem(wire);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={node ? `Edit ${node.name}` : 'Add a node'}
      {...(node ? {} : { description: 'A machine with an Ollama server. It may be asleep now.' })}
      onClose={onClose}
    >
      <form onSubmit={submit} noValidate className="grid gap-3">
        {problem && <Problem message={problem.message} next={problem.next} code={problem.code} />}
        <TextField
          label="Address of its Ollama"
          hint="Like http://192.168.1.20:11434"
          inputMode="url"
          mono
          required={!local}
          optional={local}
          {...field('url')}
        />
        <TextField label="Name" hint="What to call it" optional maxLength={120} {...field('name')} />
        {!local && (
          <>
            <TextField
              label="MAC address"
              hint="Of its network adapter, like AA:BB:CC:DD:EE:FF. With it, Pilotlight can wake the machine."
              optional
              mono
              {...field('mac')}
            />
            <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
              <TextField
                label="Wake destinations"
                hint="Beside the broadcasts, like 192.168.1.255:9"
                optional
                mono
                {...field('wakeDestinations')}
              />
              <TextField
                label="SecureOn password"
                hint={node ? 'Empty keeps what is saved; a dash forgets it' : 'If its adapter asks for one'}
                optional
                mono
                {...field('secureOn')}
              />
            </div>
          </>
        )}
        <TextField
          label="VRAM in GB"
          hint={
            node && node.vram.source !== 'person' && node.vram.totalBytes !== null
              ? `Known already: ${formatMemory(node.vram.totalBytes)}. Write here only to tell otherwise.`
              : 'Pilotlight plans moves with it. 0 says that it has no GPU.'
          }
          optional
          inputMode="decimal"
          {...field('vramGigabytes')}
        />
        <div className="mt-1 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {node ? 'Save' : 'Add the node'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

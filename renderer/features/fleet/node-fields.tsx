import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatMemory } from '../../../shared/units.ts';
import { TextField } from '../../components/field.tsx';
import type { FieldErrors, NodeForm, SecretName } from './node-form.ts';
import { SecretField } from './secret-field.tsx';

/** The fields of a machine, for the wizard and for the dialog that edits one. */
export function NodeFields({
  form,
  errors,
  node,
  onChange,
}: {
  form: NodeForm;
  errors: FieldErrors;
  /** The machine that is edited; null for a new one. */
  node: NodeView | null;
  onChange<Name extends keyof NodeForm>(field: Name, text: NodeForm[Name]): void;
}) {
  const local = node?.kind === 'this-computer';
  const field = (name: Exclude<keyof NodeForm, SecretName>) => ({
    value: form[name],
    error: errors[name],
    onChange: (event: { target: { value: string } }) => onChange(name, event.target.value),
  });
  const secret = (name: SecretName, isSet: boolean | undefined) => ({
    value: form[name],
    error: errors[name],
    isSet: isSet ?? false,
    onChange: (value: string | null) => onChange(name, value),
  });
  const hasOther =
    errors.agentUrl || errors.shutdownUrl || errors.shutdownSecret || errors.relayToken || form.shutdownUrl;
  return (
    <>
      <TextField
        label="Address of its Ollama"
        hint={
          form.agentUrl
            ? 'Like http://192.168.1.20:11434; empty where it has none'
            : 'Like http://192.168.1.20:11434'
        }
        inputMode="url"
        mono
        required={!local && form.agentUrl === ''}
        optional={local || form.agentUrl !== ''}
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
            <SecretField
              label="SecureOn password"
              what="password"
              hint="If its adapter asks for one"
              {...secret('secureOn', node?.hasSecureOn)}
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
      {!local && (
        <details open={Boolean(hasOther)}>
          <summary className="rounded font-medium text-soft">
            Its agent, and servers that are there already
          </summary>
          <div className="mt-3 grid gap-x-4 gap-y-3 sm:grid-cols-2">
            <TextField
              label="Address of its agent"
              hint="Like http://192.168.1.20:8765"
              optional
              mono
              {...field('agentUrl')}
            />
            <SecretField
              label="Token of the relay"
              what="token"
              hint="Where one of its ways is a relay that asks for one"
              {...secret('relayToken', node?.hasRelayToken)}
            />
            <TextField
              label="Shutdown server"
              hint="One that takes POST /shutdown, like http://192.168.1.20:9754"
              optional
              mono
              {...field('shutdownUrl')}
            />
            <SecretField
              label="Secret of the shutdown server"
              what="secret"
              hint="What it wants as Bearer"
              {...secret('shutdownSecret', node?.hasShutdownSecret)}
            />
          </div>
        </details>
      )}
    </>
  );
}

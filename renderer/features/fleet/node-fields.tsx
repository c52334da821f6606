import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatMemory } from '../../../shared/units.ts';
import { TextField } from '../../components/field.tsx';
import { openHelp } from '../../stores/help.ts';
import type { FieldErrors, NodeForm, SecretName } from './node-form.ts';
import { SecretField } from './secret-field.tsx';

/** A machine’s fields, shared by the wizard and the edit dialog. */
export function NodeFields({
  form,
  errors,
  node,
  onChange,
}: {
  form: NodeForm;
  errors: FieldErrors;
  /** The machine being edited; null for a new one. */
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
        label="Ollama address"
        hint={
          form.agentUrl
            ? 'For example http://192.168.1.20:11434. Leave empty if it has none.'
            : 'For example http://192.168.1.20:11434'
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
            hint={
              <>
                Of its network adapter, for example AA:BB:CC:DD:EE:FF. Lets Pilotlight wake the machine.{' '}
                <button
                  type="button"
                  aria-haspopup="dialog"
                  onClick={() => openHelp({ title: 'Where is the MAC address?' })}
                  className="rounded underline underline-offset-2 hover:text-text"
                >
                  Where is the MAC?
                </button>
              </>
            }
            optional
            mono
            {...field('mac')}
          />
          <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
            <TextField
              label="Wake destinations"
              hint="In addition to the broadcasts, for example 192.168.1.255:9"
              optional
              mono
              {...field('wakeDestinations')}
            />
            <SecretField
              label="SecureOn password"
              what="password"
              hint="If its adapter requires one"
              {...secret('secureOn', node?.hasSecureOn)}
            />
          </div>
        </>
      )}
      <TextField
        label="VRAM (GB)"
        hint={
          node && node.vram.source !== 'person' && node.vram.totalBytes !== null
            ? `Detected: ${formatMemory(node.vram.totalBytes)}. Enter a value only to override it.`
            : 'Used to plan which models fit. Enter 0 if it has no GPU.'
        }
        optional
        inputMode="decimal"
        {...field('vramGigabytes')}
      />
      {!local && (
        <details open={Boolean(hasOther)}>
          <summary className="rounded font-medium text-soft">Agent and existing servers</summary>
          <div className="mt-3 grid gap-x-4 gap-y-3 sm:grid-cols-2">
            <TextField
              label="Agent address"
              hint="For example http://192.168.1.20:8765"
              optional
              mono
              {...field('agentUrl')}
            />
            <SecretField
              label="Relay token"
              what="token"
              hint="If one of its wake methods is a relay that requires one"
              {...secret('relayToken', node?.hasRelayToken)}
            />
            <TextField
              label="Shutdown server"
              hint="Accepts POST /shutdown, for example http://192.168.1.20:9754"
              optional
              mono
              {...field('shutdownUrl')}
            />
            <SecretField
              label="Shutdown server secret"
              what="secret"
              hint="Sent as a Bearer token"
              {...secret('shutdownSecret', node?.hasShutdownSecret)}
            />
          </div>
        </details>
      )}
    </>
  );
}

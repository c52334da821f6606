import { type FormEvent, useId, useState } from 'react';
import { toWireError, type WireError } from '../../../shared/contract/errors.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Loading, Page, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Switch } from '../../components/switch.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { settingsStore, useSettings } from '../../stores/settings.ts';
import { toastDone } from '../../stores/toasts.ts';
import { type NotificationState, notificationState, setNotifications } from '../shell/notifications.ts';
import {
  checkDraft,
  type Draft,
  defaultWords,
  fieldPath,
  isSet,
  patchOf,
  type SettingField,
  sectionTitles,
  settingFields,
  toText,
  unitWords,
} from './fields.ts';

/** Everything that can be set, with its meaning and its default. */
export default function SettingsPage() {
  useKeep(settingsStore);
  const settings = useSettings();
  return (
    <Page title="Settings" summary="What is saved holds at once; nothing needs a restart">
      <div className="max-w-3xl">
        {settings ? (
          <SettingsForm settings={settings} />
        ) : (
          <Loading what="the settings">
            <Skeleton className="h-96" />
          </Loading>
        )}
        <ThisPanel />
      </div>
    </Page>
  );
}

function SettingsForm({ settings }: { settings: Settings }) {
  const [draft, setDraft] = useState<Draft>({});
  const [refused, setRefused] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  const patch = patchOf(settings, draft);
  const changed = Object.keys(patch).length > 0;
  const errors: Record<string, string> = { ...refused, ...checkDraft(settings, draft) };

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!changed || Object.keys(errors).length > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      await client.call('settings.update', patch);
      setDraft({});
      toastDone('The settings were saved.');
    } catch (error) {
      const wire = toWireError(error);
      const fields = refusedFields(wire);
      if (fields) setRefused(fields);
      else setProblem(wire);
    } finally {
      setBusy(false);
    }
  }

  function change(path: string, text: string | null): void {
    setDraft({ ...draft, [path]: text });
    setRefused({});
  }

  return (
    <form onSubmit={save} noValidate>
      {(Object.keys(sectionTitles) as (keyof Settings)[]).map((section) => (
        <section
          key={section}
          aria-labelledby={`settings-${section}`}
          className={`${cardClass} mb-4 p-4 sm:p-6`}
        >
          <h2 id={`settings-${section}`} className="font-semibold">
            {sectionTitles[section].title}
          </h2>
          <p className="mb-2 text-[0.8125rem] text-soft">{sectionTitles[section].about}</p>
          <div className="divide-y divide-line">
            {settingFields
              .filter((field) => field.section === section)
              .map((field) => (
                <Row
                  key={field.key}
                  field={field}
                  text={draft[fieldPath(field)] ?? toText(settings, field)}
                  saved={isSet(settings, field)}
                  removed={draft[fieldPath(field)] === null}
                  error={errors[fieldPath(field)]}
                  onChange={(text) => change(fieldPath(field), text)}
                  onRemove={() => change(fieldPath(field), null)}
                />
              ))}
          </div>
        </section>
      ))}
      {problem && <Problem message={problem.message} next={problem.next} code={problem.code} />}
      <div
        className={`sticky bottom-16 z-10 mb-4 flex items-center justify-end gap-2 rounded-xl border px-4 py-3 sm:bottom-4 ${changed ? 'border-line-strong bg-raised shadow-(--shadow)' : 'border-line bg-surface'}`}
      >
        <p className="min-w-0 flex-1 text-[0.8125rem] text-soft" role="status">
          {!changed
            ? 'Nothing is changed'
            : Object.keys(errors).length > 0
              ? 'Correct what is marked'
              : 'Not saved yet'}
        </p>
        <Button disabled={!changed} onClick={() => setDraft({})}>
          Undo
        </Button>
        <Button
          type="submit"
          tone="primary"
          busy={busy}
          disabled={!changed || Object.keys(errors).length > 0}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

/** What a BAD_SETTING says of each field, by path; null when it names none that is shown. */
function refusedFields(error: WireError): Record<string, string> | null {
  const named: unknown = error.details?.fields;
  if (!Array.isArray(named)) return null;
  const messages: Record<string, string> = {};
  for (const { path, message } of named as { path?: unknown; message?: unknown }[]) {
    const field = settingFields.find((one) => String(path).startsWith(fieldPath(one)));
    if (field) messages[fieldPath(field)] = String(message);
  }
  return Object.keys(messages).length > 0 ? messages : null;
}

const box =
  'min-w-0 rounded-lg border border-line-strong bg-ground px-3 hover:border-faint aria-invalid:border-trouble';

function Row({
  field,
  text,
  saved,
  removed,
  error,
  onChange,
  onRemove,
}: {
  field: SettingField;
  text: string;
  /** A secret is saved that is not shown. */
  saved: boolean;
  /** It is taken away when this is saved. */
  removed: boolean;
  error: string | undefined;
  onChange(text: string): void;
  onRemove(): void;
}) {
  const id = useId();
  const common = {
    id,
    'aria-describedby': `${id}-about`,
    'aria-invalid': error ? (true as const) : undefined,
  };
  const wide = field.kind === 'lines' || field.kind === 'text' || field.kind === 'secret';
  return (
    <div className={`grid gap-x-6 gap-y-2 py-3 ${wide ? '' : 'sm:grid-cols-[1fr_auto] sm:items-start'}`}>
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {field.label}
        </label>
        <div id={`${id}-about`} className="text-[0.8125rem]">
          <p className="text-soft">{field.about}</p>
          <p className="text-xs text-faint">Default: {defaultWords(field)}</p>
          {error && (
            <p role="alert" className="mt-1 text-trouble-text">
              {error}
            </p>
          )}
        </div>
      </div>
      {field.kind === 'switch' ? (
        <Switch id={id} on={text === 'true'} onChange={(on) => onChange(String(on))} />
      ) : field.kind === 'lines' ? (
        <textarea
          {...common}
          rows={Math.min(8, Math.max(3, text.split('\n').length + 1))}
          value={text}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          className={`${box} py-2 font-mono text-[0.8125rem]`}
        />
      ) : wide ? (
        <div className="flex items-center gap-2">
          <input
            {...common}
            type={field.kind === 'secret' ? 'password' : 'url'}
            autoComplete="off"
            placeholder={
              removed ? 'Taken away when you save' : saved ? 'Saved. Write another to change it.' : ''
            }
            value={text}
            onChange={(event) => onChange(event.target.value)}
            className={`${box} h-9 w-full font-mono text-[0.8125rem]`}
          />
          {saved && !removed && (
            <Button aria-label={`Remove: ${field.label}`} onClick={onRemove}>
              Remove
            </Button>
          )}
        </div>
      ) : (
        <div className="flex items-center gap-2">
          <input
            {...common}
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onChange={(event) => onChange(event.target.value)}
            className={`${box} h-9 w-28 text-right`}
          />
          <span className="w-8 text-soft">{unitWords[field.kind]}</span>
        </div>
      )}
    </div>
  );
}

const notificationWords: Record<NotificationState, string> = {
  on: 'You are told when something happens that you may wait for: a machine that does not come up, a priority model that fell to the CPU, a run that ended.',
  off: 'The browser asks you once. Only what you may wait for is told.',
  denied: 'The browser forbids them for this address. Allow them in its site settings first.',
  unsupported: 'This browser has none.',
};

/** What belongs to this browser, and the simulated fleet. */
function ThisPanel() {
  const core = useCoreStatus();
  const [state, setState] = useState(notificationState);
  const { busy, run } = useAction();
  return (
    <section aria-labelledby="settings-panel" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-panel" className="font-semibold">
        This panel
      </h2>
      <div className="divide-y divide-line">
        <div className="flex items-start gap-4 py-3">
          <label htmlFor="notifications" className="min-w-0 flex-1">
            <span className="block font-medium">Notifications</span>
            <span className="block text-[0.8125rem] text-soft">{notificationWords[state]}</span>
          </label>
          <Switch
            id="notifications"
            on={state === 'on'}
            disabled={state === 'denied' || state === 'unsupported'}
            onChange={(on) => void setNotifications(on).then(setState)}
          />
        </div>
        <div className="flex items-start gap-4 py-3">
          <label htmlFor="simulated" className="min-w-0 flex-1">
            <span className="block font-medium">Simulated fleet</span>
            <span className="block text-[0.8125rem] text-soft">
              Three pretended machines on this computer, to look around without any hardware.
            </span>
          </label>
          <Switch
            id="simulated"
            on={core?.simulated ?? false}
            disabled={busy || core === null}
            onChange={(on) => void run(() => client.call('fleet.simulate', { on }))}
          />
        </div>
        <p className="pt-3 text-[0.8125rem] text-faint">{core ? `Pilotlight ${core.version}` : '\u00a0'}</p>
      </div>
    </section>
  );
}

import { type FormEvent, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAskBeforeUnload } from '../../components/use-ask-before-unload.ts';
import { toastDone } from '../../stores/toasts.ts';
import { GatewayState } from '../gateway/settings-state.tsx';
import {
  checkDraft,
  type Draft,
  defaultText,
  fieldPath,
  isDefault,
  isSecret,
  isSet,
  patchOf,
  type Section,
  type SettingField,
  sectionTitles,
  settingFields,
  toText,
} from './fields.ts';
import { NoticeTries } from './notice-tries.tsx';
import { Row } from './row.tsx';
import { SecretRow } from './secret-row.tsx';
import { useSettingsDraft } from './settings-draft.ts';

/** The core’s settings, filtered by `shows`. Validated while typing, saved all together or not at all. */
export function SettingsForm({
  settings,
  shows,
}: {
  settings: Settings;
  shows(field: SettingField): boolean;
}) {
  const draft = useSettingsDraft();
  const setDraft = (next: Draft) => useSettingsDraft.setState(next, true);
  const [refused, setRefused] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<WireError | null>(null);
  const [busy, setBusy] = useState(false);
  // Changing the key closes the secret fields after saving.
  const [round, setRound] = useState(0);
  const patch = patchOf(settings, draft);
  const changes = Object.values(patch).reduce((sum, values) => sum + Object.keys(values).length, 0);
  useAskBeforeUnload(changes > 0);
  const errors: Record<string, string> = { ...refused, ...checkDraft(settings, draft) };
  const wrong = Object.keys(errors).length;

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (changes === 0 || wrong > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      await client.call('settings.update', patch);
      setDraft({});
      setRound(round + 1);
      toastDone('Settings saved');
    } catch (error) {
      const wire = toWireError(error);
      const fields = refusedFields(wire);
      if (fields) setRefused(fields);
      else setProblem(wire);
    } finally {
      setBusy(false);
    }
  }

  function change(path: string, text: string | null | undefined): void {
    const { [path]: _, ...rest } = draft;
    setDraft(text === undefined ? rest : { ...rest, [path]: text });
    setRefused({});
  }

  return (
    <form onSubmit={save} noValidate aria-label="Settings">
      {(Object.keys(sectionTitles) as Section[]).map((section) => {
        const fields = settingFields.filter(
          // Edited fields stay visible.
          (field) => field.section === section && (shows(field) || draft[fieldPath(field)] !== undefined),
        );
        if (fields.length === 0) return null;
        return (
          <section
            key={section}
            aria-labelledby={`settings-${section}`}
            className={`${cardClass} mb-4 p-4 sm:p-6`}
          >
            <h2 id={`settings-${section}`} className="font-semibold">
              {sectionTitles[section].title}
            </h2>
            <p className="mb-2 text-[0.8125rem] text-soft">{sectionTitles[section].about}</p>
            {section === 'gateway' && <GatewayState />}
            {section === 'notifications' && <NoticeTries settings={settings} />}
            <div className="divide-y divide-line">
              {fields.map((field) => {
                const path = fieldPath(field);
                const text = draft[path];
                return isSecret(field) ? (
                  <SecretRow
                    key={`${path} ${round}`}
                    field={field}
                    saved={isSet(settings, field)}
                    draft={text}
                    error={errors[path]}
                    onChange={(next) => change(path, next)}
                  />
                ) : (
                  <Row
                    key={path}
                    field={field}
                    text={text ?? toText(settings, field)}
                    saved={patch[section] === undefined || !Object.hasOwn(patch[section], field.key)}
                    error={errors[path]}
                    onChange={(next) => change(path, next)}
                    onReset={isDefault(settings, field, text) ? null : () => change(path, defaultText(field))}
                  />
                );
              })}
            </div>
          </section>
        );
      })}
      {problem && <Problem message={problem.message} next={problem.next} code={problem.code} />}
      {changes > 0 && (
        <div className="appearing sticky [@media(max-height:30rem)]:static bottom-16 z-10 mb-4 flex flex-wrap items-center justify-end gap-2 rounded-xl border border-line-strong bg-raised px-4 py-3 shadow-(--shadow) sm:bottom-4">
          <p className="min-w-0 flex-1 text-[0.8125rem] text-soft" role="status">
            {wrong > 0
              ? 'Fix the marked settings'
              : changes === 1
                ? '1 unsaved change'
                : `${changes} unsaved changes`}
          </p>
          <Button
            onClick={() => {
              setDraft({});
              setRefused({});
              setRound(round + 1);
            }}
          >
            {' '}
            Discard{' '}
          </Button>
          <Button type="submit" tone="primary" busy={busy} disabled={wrong > 0}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}

/** The messages of a BAD_SETTING by path; null if it names no field of this form. */
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

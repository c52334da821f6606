import { RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Switch } from '../../components/switch.tsx';
import { boxClass } from './box-class.ts';
import { Choices } from './choices.tsx';
import { ContextsEditor } from './contexts-editor.tsx';
import {
  defaultLabel,
  type FieldKind,
  fieldPath,
  rangeText,
  type SettingField,
  unitLabels,
} from './fields.ts';
import { HoursField } from './hours-field.tsx';
import { KeysBox } from './keys-box.tsx';
import { NodeSelect } from './node-select.tsx';
import { PoliciesEditor } from './policies-editor.tsx';
import { SlotsEditor } from './slots-editor.tsx';

export const settingId = (field: Pick<SettingField, 'section' | 'key'>) => `setting-${fieldPath(field)}`;

/** A setting’s label, description, default and range, with its control beside or below. */
export function RowFrame({
  field,
  error,
  wide,
  onReset,
  children,
}: {
  field: SettingField;
  error: string | undefined;
  wide: boolean;
  /** Resets to the default; null if it already has it. */
  onReset: (() => void) | null;
  children: ReactNode;
}) {
  const id = settingId(field);
  const range = rangeText(field);
  const isGroup = groupKinds.has(field.kind);
  return (
    <div className={`grid gap-x-6 gap-y-2 py-3 ${wide ? '' : 'sm:grid-cols-[1fr_auto] sm:items-start'}`}>
      <div className="min-w-0">
        {isGroup ? (
          <p id={`${id}-label`} className="font-medium">
            {field.label}
          </p>
        ) : (
          <label htmlFor={id} className="font-medium">
            {field.label}
          </label>
        )}
        <div id={`${id}-about`} className="text-[0.8125rem]">
          <p className="text-soft">{field.about}</p>
          <p className="text-xs text-faint">
            Default: {defaultLabel(field)}
            {range && ` · ${range}`}
          </p>
        </div>
        {error && (
          <p id={`${id}-error`} role="alert" className="mt-1 text-[0.8125rem] text-trouble-text">
            {error}
          </p>
        )}
        {onReset && (
          <button
            type="button"
            onClick={onReset}
            aria-label={`Reset to default: ${field.label}`}
            className="mt-0.5 inline-flex min-h-6 items-center gap-1 rounded text-xs font-medium text-flame-text hover:underline"
          >
            <RotateCcw size={12} aria-hidden="true" /> Reset to default
          </button>
        )}
      </div>
      {isGroup ? (
        <fieldset aria-labelledby={`${id}-label`} aria-describedby={`${id}-about`} className="min-w-0">
          {children}
        </fieldset>
      ) : (
        children
      )}
    </div>
  );
}

/** They have several controls, with labels of their own. */
const groupKinds: ReadonlySet<FieldKind> = new Set([
  'choices',
  'hours',
  'policies',
  'slots',
  'context-rules',
]);

/** A visible setting: a switch, a number with its unit, lines, or text. */
export function Row({
  field,
  text,
  saved,
  error,
  onChange,
  onReset,
}: {
  field: SettingField;
  text: string;
  /** Whether the text is that of the saved value. */
  saved: boolean;
  error: string | undefined;
  onChange(text: string): void;
  onReset: (() => void) | null;
}) {
  const id = settingId(field);
  const isLines = field.kind === 'lines' || field.kind === 'fallbacks';
  const wide = isLines || /^(keys|name|text)$/.test(field.kind) || groupKinds.has(field.kind);
  const common = {
    id,
    'aria-describedby': error ? `${id}-about ${id}-error` : `${id}-about`,
    'aria-invalid': error ? (true as const) : undefined,
    value: text,
    autoComplete: 'off',
    spellCheck: false,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <RowFrame field={field} error={error} wide={wide} onReset={onReset}>
      {field.kind === 'switch' ? (
        <Switch id={id} on={text === 'true'} onChange={(on) => onChange(String(on))} />
      ) : isLines ? (
        <textarea
          {...common}
          rows={Math.min(8, Math.max(3, text.split('\n').length + 1))}
          className={`${boxClass} py-2 font-mono text-[0.8125rem]`}
        />
      ) : field.kind === 'keys' ? (
        <KeysBox
          label={field.label}
          box={{ ...common, className: `${boxClass} h-9 w-full font-mono text-[0.8125rem] sm:max-w-80` }}
          onKeys={onChange}
        />
      ) : field.kind === 'choice' ? (
        <select {...common} className={`${boxClass} h-9`}>
          {Object.entries(field.options ?? {}).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      ) : field.kind === 'choices' ? (
        <Choices id={id} text={text} options={field.options ?? {}} onChange={onChange} />
      ) : field.kind === 'hours' ? (
        <HoursField id={id} label={field.label} text={text} onChange={onChange} />
      ) : field.kind === 'policies' ? (
        <PoliciesEditor id={id} text={text} saved={saved} onChange={onChange} />
      ) : field.kind === 'slots' ? (
        <SlotsEditor id={id} text={text} onChange={onChange} />
      ) : field.kind === 'context-rules' ? (
        <ContextsEditor id={id} text={text} onChange={onChange} />
      ) : field.kind === 'node' ? (
        <NodeSelect {...common} className={`${boxClass} h-9`} />
      ) : field.kind === 'name' ? (
        <input {...common} className={`${boxClass} h-9 w-full sm:max-w-80`} />
      ) : field.kind === 'text' ? (
        <input {...common} className={`${boxClass} h-9 w-full font-mono text-[0.8125rem]`} />
      ) : (
        <div className="flex items-center gap-2">
          <input {...common} inputMode="decimal" className={`${boxClass} h-9 w-28 text-right`} />
          <span className="w-8 text-soft">{unitLabels[field.kind]}</span>
        </div>
      )}
    </RowFrame>
  );
}

import { type ReactNode, useState } from 'react';
import { client } from '../../client/index.ts';
import { cardClass } from '../../components/page.tsx';
import { Switch } from '../../components/switch.tsx';
import { useAction } from '../../components/use-action.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { type NotificationState, notificationState, setNotifications } from '../shell/notifications.ts';
import {
  type Density,
  densities,
  setPreferences,
  type Theme,
  themes,
  usePreferences,
} from '../shell/preferences.ts';

const notificationHints: Record<NotificationState, string> = {
  on: 'For things you may be waiting for: a machine that does not come up, a priority model that fell back to the CPU, a finished run.',
  off: 'For things you may be waiting for. The browser asks for permission once.',
  denied: 'The browser blocks them for this address. Allow them in its site settings first.',
  unsupported: 'This browser does not support them.',
};
const themeLabels: Record<Theme, string> = { system: 'System', dark: 'Dark', light: 'Light' };
const densityLabels: Record<Density, string> = { comfortable: 'Comfortable', compact: 'Compact' };

/** Settings of this browser or window, and the simulated fleet. They apply without saving. */
export function ThisPanel() {
  const core = useCoreStatus();
  const { theme, density } = usePreferences();
  const [state, setState] = useState(notificationState);
  const { busy, run } = useAction();
  const desktop = window.pilotlight !== undefined;
  return (
    <section aria-labelledby="settings-panel" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-panel" className="font-semibold">
        This panel
      </h2>
      <p className="mb-2 text-[0.8125rem] text-soft">
        Stored in this {desktop ? 'window' : 'browser'}. Changes apply immediately.
      </p>
      <div className="divide-y divide-line">
        <Choice
          title="Theme"
          about="Default: System, which follows your system’s light or dark mode."
          name="theme"
          value={theme}
          options={themes.map((one) => [one, themeLabels[one]])}
          onChange={(one) => setPreferences({ theme: one })}
        />
        <Choice
          title="Density"
          about="Default: Comfortable. Compact shows more at once."
          name="density"
          value={density}
          options={densities.map((one) => [one, densityLabels[one]])}
          onChange={(one) => setPreferences({ density: one })}
        />
        {!desktop && (
          <Line id="notifications" title="Notifications" about={`${notificationHints[state]} Default: off.`}>
            <Switch
              id="notifications"
              on={state === 'on'}
              disabled={state === 'denied' || state === 'unsupported'}
              onChange={(on) => void setNotifications(on).then(setState)}
            />
          </Line>
        )}
        <Line
          id="simulated"
          title="Simulated fleet"
          about="Three simulated machines on this computer, to explore without any hardware. Default: off."
        >
          <Switch
            id="simulated"
            on={core?.simulated ?? false}
            disabled={busy || core === null}
            onChange={(on) => void run(() => client.call('fleet.simulate', { on }))}
          />
        </Line>
        <p className="pt-3 text-[0.8125rem] text-faint">{core ? `Pilotlight ${core.version}` : '\u00a0'}</p>
      </div>
    </section>
  );
}

function Line({
  id,
  title,
  about,
  children,
}: {
  id: string;
  title: string;
  about: string;
  children: ReactNode;
}) {
  return (
    <div className="flex items-start gap-4 py-3">
      <label htmlFor={id} className="min-w-0 flex-1">
        <span className="block font-medium">{title}</span>
        <span className="block text-[0.8125rem] text-soft">{about}</span>
      </label>
      {children}
    </div>
  );
}

/** Radio buttons as a segmented control. */
function Choice<Value extends string>({
  title,
  about,
  name,
  value,
  options,
  onChange,
}: {
  title: string;
  about: string;
  name: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange(value: Value): void;
}) {
  return (
    <fieldset className="flex flex-wrap items-start gap-x-6 gap-y-2 py-3">
      <legend className="sr-only">{title}</legend>
      <div className="min-w-0 flex-1 basis-56">
        <p aria-hidden="true" className="font-medium">
          {title}
        </p>
        <p className="text-[0.8125rem] text-soft">{about}</p>
      </div>
      <div className="flex rounded-lg border border-line-strong bg-ground p-0.5">
        {options.map(([option, label]) => (
          <label
            key={option}
            className="flex h-8 cursor-pointer items-center rounded-md px-3 text-[0.8125rem] font-medium text-soft transition-colors hover:text-text has-checked:bg-flame-wash has-checked:text-flame-text has-focus-visible:outline-2 has-focus-visible:outline-flame"
          >
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              onChange={() => onChange(option)}
              className="sr-only"
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

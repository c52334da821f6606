import { type ComponentProps, type ReactNode, useEffect, useState } from 'react';
import type { NodePower, PowerPolicy } from '../../../shared/models/power.ts';
import { client } from '../../client/index.ts';
import { clockOf, minuteOf } from '../../components/clock-text.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { putPower } from '../../stores/power.ts';
import { addToast, toastError } from '../../stores/toasts.ts';
import { offChoices } from '../power/power-text.ts';
import {
  actionChoices,
  powerOffChoices,
  secondsText,
  wakeForChoices,
  wattsOf,
  withOwn,
} from './policy-text.ts';

const idleChoices = [5, 10, 15, 30, 60, 120, 240];
const countdownChoices = [10, 30, 60, 120, 300];

const inline =
  'mx-0.5 h-7 max-w-full [field-sizing:content] rounded-md border border-line-strong bg-ground px-1.5 font-medium text-flame-text hover:border-faint';

/** When the machine is woken and powered off automatically, as sentences that are edited in place. */
export function Policy({ power }: { power: NodePower }) {
  const { nodeId } = power;
  const [draft, setDraft] = useState<Partial<PowerPolicy>>({});
  const policy: PowerPolicy = { ...power.policy, ...draft };
  const off = new Map(offChoices(power).map(({ action, refused }) => [action, refused]));

  async function set(patch: Partial<PowerPolicy>): Promise<void> {
    setDraft((before) => ({ ...before, ...patch }));
    try {
      putPower(await client.call('power.setPolicy', { nodeId, policy: patch }));
    } catch (error) {
      toastError(error);
    }
    setDraft((before) => {
      const after = { ...before };
      for (const key of Object.keys(patch) as (keyof PowerPolicy)[]) {
        if (before[key] === patch[key]) delete after[key];
      }
      return after;
    });
  }

  return (
    <Section title="Policy" aside="Changes apply immediately">
      <ul className={`${cardClass} grid gap-2 p-4 leading-8`}>
        <Sentence>
          Wake for{' '}
          <Choice
            label="Who may wake it"
            value={policy.wakeFor}
            choices={wakeForChoices}
            onChoose={(wakeFor) => set({ wakeFor })}
          />
          {policy.wakeFor === 'jobs' && (
            <Quiet hours={policy.quietHours} onChange={(quietHours) => set({ quietHours })} />
          )}
          .
        </Sentence>
        <Sentence>
          {policy.powerOff === 'never' ? (
            'Power off '
          ) : (
            <>
              Power off after{' '}
              <Choice
                label="Idle time before power-off"
                value={String(policy.idleMinutes)}
                choices={withOwn(idleChoices, policy.idleMinutes).map((minutes) => ({
                  value: String(minutes),
                  label: secondsText(minutes * 60),
                }))}
                onChoose={(minutes) => set({ idleMinutes: Number(minutes) })}
              />{' '}
              idle,{' '}
            </>
          )}
          <Choice
            label="When to power off"
            value={policy.powerOff}
            choices={powerOffChoices}
            onChoose={(powerOff) => set({ powerOff })}
          />
          {policy.powerOff !== 'never' && (
            <>
              :{' '}
              <Choice
                label="How to power off"
                value={policy.action}
                choices={actionChoices.map((choice) => ({
                  ...choice,
                  label: off.get(choice.value) ? `${choice.label} (not supported)` : choice.label,
                }))}
                onChoose={(action) => set({ action })}
              />
            </>
          )}
          .
        </Sentence>
        {policy.powerOff !== 'never' && (
          <>
            <Sentence>
              Show a countdown of{' '}
              <Choice
                label="Countdown length"
                value={String(policy.countdownSeconds)}
                choices={withOwn(countdownChoices, policy.countdownSeconds).map((seconds) => ({
                  value: String(seconds),
                  label: secondsText(seconds),
                }))}
                onChoose={(seconds) => set({ countdownSeconds: Number(seconds) })}
              />{' '}
              first, so that anyone can cancel.
            </Sentence>
            <Sentence>
              Logged-in users{' '}
              <Choice
                label="Logged-in users"
                value={policy.respectUsers ? 'keep' : 'ignore'}
                choices={[
                  { value: 'keep', label: 'keep it on' },
                  { value: 'ignore', label: 'do not keep it on' },
                ]}
                onChoose={(value) => set({ respectUsers: value === 'keep' })}
              />
              .
            </Sentence>
          </>
        )}
        <Sentence>
          <Choice
            label="Alert when it is still on"
            value={policy.stillOnAt === null ? 'no' : 'yes'}
            choices={[
              { value: 'no', label: 'Don’t notify me' },
              { value: 'yes', label: 'Notify me' },
            ]}
            onChoose={(value) => set({ stillOnAt: value === 'yes' ? 23 * 60 : null })}
          />{' '}
          if it is still on
          {policy.stillOnAt === null ? (
            ' late'
          ) : (
            <>
              {' '}
              at{' '}
              <Clock
                label="Time of the alert"
                minute={policy.stillOnAt}
                onChange={(stillOnAt) => set({ stillOnAt })}
              />
            </>
          )}
          .
        </Sentence>
        <Sentence>
          Draws <Watts watts={policy.watts} onChange={(watts) => set({ watts })} /> W when awake
          <span className="text-faint">{policy.watts === null ? ' (leave empty if unknown)' : ''}</span>.
        </Sentence>
      </ul>
    </Section>
  );
}

const Sentence = ({ children }: { children: ReactNode }) => <li className="break-words">{children}</li>;

function Choice<Value extends string>({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: Value;
  choices: readonly { value: Value; label: string }[];
  onChoose(value: Value): void;
}) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.target.value as Value)}
      className={inline}
    >
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}

function Quiet({
  hours,
  onChange,
}: {
  hours: PowerPolicy['quietHours'];
  onChange(hours: PowerPolicy['quietHours']): void;
}) {
  return (
    <>
      , jobs{' '}
      <Choice
        label="Quiet hours"
        value={hours === null ? 'any' : 'quiet'}
        choices={[
          { value: 'any', label: 'at any hour' },
          { value: 'quiet', label: 'except' },
        ]}
        onChoose={(value) => onChange(value === 'any' ? null : { from: 22 * 60, to: 7 * 60 })}
      />
      {hours !== null && (
        <>
          {' '}
          from{' '}
          <Clock
            label="Quiet from"
            minute={hours.from}
            onChange={(from) => onChange({ from, to: hours.to })}
          />{' '}
          to{' '}
          <Clock
            label="Quiet until"
            minute={hours.to}
            onChange={(to) => onChange({ from: hours.from, to })}
          />
        </>
      )}
    </>
  );
}

/** An input that commits on blur or Enter; Escape restores the saved text. */
function CommittedInput({
  text: kept,
  onCommit,
  ...input
}: { text: string; onCommit(text: string): void } & ComponentProps<'input'>) {
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  return (
    <input
      {...input}
      value={text}
      autoComplete="off"
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        if (text !== kept) onCommit(text);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') setText(kept);
      }}
      className={`${inline} ${input.className ?? ''}`}
    />
  );
}

function Clock({
  label,
  minute,
  onChange,
}: {
  label: string;
  minute: number;
  onChange(minute: number): void;
}) {
  return (
    <CommittedInput
      type="time"
      aria-label={label}
      text={clockOf(minute)}
      onCommit={(text) => {
        const next = minuteOf(text);
        if (next === null) addToast({ tone: 'error', message: 'Enter a time, for example 22:00.', next: '' });
        else onChange(next);
      }}
    />
  );
}

function Watts({ watts, onChange }: { watts: number | null; onChange(watts: number | null): void }) {
  return (
    <CommittedInput
      aria-label="Watts when awake"
      inputMode="decimal"
      className="w-16 text-right"
      text={watts === null ? '' : String(watts)}
      onCommit={(text) => {
        const next = wattsOf(text);
        if (next === undefined)
          addToast({
            tone: 'error',
            message: 'Enter a number of watts, for example 180, or leave it empty.',
            next: '',
          });
        else onChange(next);
      }}
    />
  );
}

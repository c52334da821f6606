import { boxClass } from './box-class.ts';

/** Two times of day, as the text of the form. Both empty for none. */
export function HoursField({
  id,
  label,
  text,
  onChange,
}: {
  /** Of the first time. */
  id: string;
  label: string;
  text: string;
  onChange(text: string): void;
}) {
  const [from = '', to = ''] = text.split(' ');
  const change = (one: string, other: string) =>
    onChange(one === '' && other === '' ? '' : `${one} ${other}`);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <input
        type="time"
        id={id}
        aria-label={`${label}, from`}
        value={from}
        onChange={(event) => change(event.target.value, to)}
        className={`${boxClass} h-9`}
      />
      <span className="text-soft">to</span>
      <input
        type="time"
        aria-label={`${label}, to`}
        value={to}
        onChange={(event) => change(from, event.target.value)}
        className={`${boxClass} h-9`}
      />
    </div>
  );
}

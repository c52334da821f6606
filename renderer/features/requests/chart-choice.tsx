/** A few choices side by side, one of which is chosen. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: Readonly<Record<Value, string>>;
  onChange(value: Value): void;
}) {
  return (
    <fieldset className="flex rounded-lg border border-line-strong bg-surface p-0.5">
      <legend className="sr-only">{label}</legend>
      {(Object.entries(options) as [Value, string][]).map(([one, name]) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === value}
          onClick={() => onChange(one)}
          className="h-7 rounded-md px-2.5 text-[0.8125rem] text-soft hover:text-text aria-pressed:bg-flame-wash aria-pressed:font-medium aria-pressed:text-flame-text"
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

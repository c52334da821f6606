/** Some of several options, as the lines of a text. */
export function Choices({
  id,
  text,
  options,
  onChange,
}: {
  /** Of the first one, which a link to the setting focuses. */
  id: string;
  text: string;
  options: Readonly<Record<string, string>>;
  onChange(text: string): void;
}) {
  const chosen = text.split('\n');
  const names = Object.keys(options);
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-2">
      {names.map((name, index) => (
        <label key={name} className="flex items-center gap-2">
          <input
            type="checkbox"
            id={index === 0 ? id : undefined}
            checked={chosen.includes(name)}
            onChange={({ target }) =>
              onChange(
                names.filter((one) => (one === name ? target.checked : chosen.includes(one))).join('\n'),
              )
            }
            className="size-4 accent-(--flame-fill)"
          />
          {options[name]}
        </label>
      ))}
    </div>
  );
}

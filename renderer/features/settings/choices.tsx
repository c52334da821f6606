/** Some of several options, as the lines of a text. */
export function Choices({
  id,
  text,
  options,
  about,
  onChange,
}: {
  /** Of the first one: the setting’s label names it. */
  id: string;
  text: string;
  options: Readonly<Record<string, string>>;
  /** Id of the description. */
  about: string;
  onChange(text: string): void;
}) {
  const chosen = text.split('\n');
  const names = Object.keys(options);
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-x-5 gap-y-2" aria-describedby={about}>
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
    </fieldset>
  );
}

import * as Radix from '@radix-ui/react-switch';

/** On or off. Its label is given by `label` or by a `<label htmlFor>`. */
export function Switch({
  on,
  onChange,
  label,
  id,
  disabled,
}: {
  on: boolean;
  onChange(on: boolean): void;
  label?: string;
  id?: string;
  disabled?: boolean;
}) {
  return (
    <Radix.Root
      {...(id === undefined ? {} : { id })}
      aria-label={label}
      checked={on}
      onCheckedChange={onChange}
      disabled={disabled ?? false}
      className="relative h-6 w-10 shrink-0 rounded-full border border-line-strong bg-sunken transition-colors data-[state=checked]:border-transparent data-[state=checked]:bg-flame-fill disabled:opacity-55"
    >
      <Radix.Thumb className="block size-4 translate-x-0.5 rounded-full bg-faint transition-transform data-[state=checked]:translate-x-5 data-[state=checked]:bg-on-flame" />
    </Radix.Root>
  );
}

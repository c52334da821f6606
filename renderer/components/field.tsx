import { TriangleAlert } from 'lucide-react';
import { type ComponentProps, type ReactNode, useId } from 'react';

const box =
  'w-full min-w-0 rounded-lg border bg-ground px-3 text-text transition-colors hover:border-faint aria-invalid:border-trouble disabled:opacity-55';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Marks the label as optional. */
  optional?: boolean;
}

function Field({
  label,
  hint,
  error,
  optional = false,
  children,
}: FieldProps & {
  children: (props: {
    id: string;
    'aria-describedby': string;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
        {optional && <span className="font-normal text-faint"> (optional)</span>}
      </label>
      {children({ id, 'aria-describedby': `${id}-about`, 'aria-invalid': error ? true : undefined })}
      <div id={`${id}-about`} className="min-h-4 text-xs">
        {error ? (
          <p className="flex items-start gap-1.5 text-trouble-text" role="alert">
            <TriangleAlert size={14} className="mt-px shrink-0" aria-hidden="true" />
            {error}
          </p>
        ) : (
          hint && <p className="text-faint">{hint}</p>
        )}
      </div>
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  optional,
  mono = false,
  ...input
}: FieldProps & { mono?: boolean } & ComponentProps<'input'>) {
  return (
    <Field label={label} hint={hint} error={error} {...(optional === undefined ? {} : { optional })}>
      {(props) => (
        <input
          type="text"
          autoComplete="off"
          spellCheck={false}
          {...input}
          {...props}
          className={`${box} h-9 border-line-strong ${mono ? 'font-mono text-[0.8125rem]' : ''}`}
        />
      )}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  error,
  children,
  ...select
}: FieldProps & ComponentProps<'select'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => (
        <select {...select} {...props} className={`${box} h-9 border-line-strong pr-8`}>
          {children}
        </select>
      )}
    </Field>
  );
}

/** The error message keyed by the field it names in its details. */
export function fieldErrors(
  error: { message: string; details?: Record<string, unknown> | undefined } | null,
) {
  const field = error?.details?.field;
  return typeof field === 'string' && error ? { [field]: error.message } : {};
}

import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';

/** A write-only secret of a machine: set, replace or remove it. */
export function SecretField({
  label,
  what,
  hint,
  isSet,
  value,
  error,
  onChange,
}: {
  label: string;
  /** `password`, `token` or `secret`. */
  what: string;
  hint: string;
  isSet: boolean;
  /** The new value; null removes the saved one. */
  value: string | null;
  error: string | undefined;
  onChange(value: string | null): void;
}) {
  const removed = value === null;
  return (
    <div className="min-w-0">
      <TextField
        label={label}
        hint={
          removed
            ? `The ${what} will be removed when you save.`
            : isSet
              ? `A ${what} is set. Enter a new one to replace it.`
              : hint
        }
        optional={!isSet}
        mono
        value={value ?? ''}
        disabled={removed}
        error={error}
        onChange={(event) => onChange(event.target.value)}
      />
      {isSet && (
        <Button
          size="small"
          tone={removed ? 'plain' : 'danger'}
          className="mt-1"
          onClick={() => onChange(removed ? '' : null)}
        >
          {removed ? `Keep ${what}` : `Remove ${what}`}
        </Button>
      )}
    </div>
  );
}

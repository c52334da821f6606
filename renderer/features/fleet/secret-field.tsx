import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';

/** A secret of a machine: written and never shown. One that is set is replaced, removed, or left as it is. */
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
  /** What is written; null takes away the one that is set. */
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
            ? `The ${what} is removed when you save`
            : isSet
              ? `A ${what} is set; write another to replace it`
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
          {removed ? `Keep the ${what}` : `Remove the ${what}`}
        </Button>
      )}
    </div>
  );
}

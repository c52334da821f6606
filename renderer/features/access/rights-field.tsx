import type { KeyKind } from '../../../shared/models/access.ts';
import { type Right, rights } from '../../../shared/rights.ts';
import { isIncluded, mayHave, rightTexts } from './access-text.ts';

/** The rights of a new key. One that another includes is checked and fixed. */
export function RightsField({
  kind,
  granted,
  error,
  onChange,
}: {
  kind: KeyKind;
  granted: readonly Right[];
  error: string | undefined;
  onChange(granted: Right[]): void;
}) {
  return (
    <fieldset aria-describedby="rights-error">
      <legend className="mb-1 font-medium">Rights</legend>
      <div className="grid gap-0.5 sm:grid-cols-2">
        {rights
          .filter((right) => mayHave(kind, right))
          .map((right) => {
            const included = isIncluded(right, granted);
            return (
              <label
                key={right}
                className="flex cursor-pointer items-start gap-2.5 rounded-lg px-2 py-1.5 hover:bg-raised has-disabled:cursor-default"
              >
                <input
                  type="checkbox"
                  checked={included || granted.includes(right)}
                  disabled={included}
                  onChange={({ target }) =>
                    onChange(
                      target.checked ? [...granted, right] : granted.filter((other) => other !== right),
                    )
                  }
                  className="mt-1 size-4 shrink-0 accent-(--flame-fill)"
                />
                <span className="min-w-0">
                  <span className="block font-medium">{rightTexts[right].label}</span>
                  <span className="block text-xs text-soft">{rightTexts[right].about}</span>
                </span>
              </label>
            );
          })}
      </div>
      <p id="rights-error" role={error ? 'alert' : undefined} className="min-h-4 text-xs text-trouble-text">
        {error}
      </p>
    </fieldset>
  );
}

import { hasHelp } from '../features/help/without-entry.ts';
import { openHelp } from '../stores/help.ts';

/** The code of an error, and the button that opens its entry in the panel where there is one. */
export const HelpLink = ({ code }: { code: string }) => (
  <p className="mt-0.5 font-mono text-2xs [overflow-wrap:anywhere] text-faint">
    {code}
    {hasHelp(code) && (
      <>
        {' · '}
        <button
          type="button"
          aria-label={`Help with ${code}`}
          aria-haspopup="dialog"
          onClick={() => openHelp({ code })}
          className="rounded font-sans text-xs text-soft underline underline-offset-2 hover:text-text"
        >
          Help
        </button>
      </>
    )}
  </p>
);

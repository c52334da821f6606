/** What the browser knows of a language, asked for when it is first needed: the first paint would wait for it. */

function late<Made>(make: () => Made): () => Made {
  let made: Made | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

const collator = late(() => new Intl.Collator(undefined, { numeric: true }));

/** A format of dates in the reader’s own language, unless another is named. */
export function lateFormat(
  options: Intl.DateTimeFormatOptions,
  language?: string,
): { format(at: number): string } {
  const made = late(() => new Intl.DateTimeFormat(language, options));
  return { format: (at) => made().format(at) };
}

/** `lab-2` before `lab-10`. */
export const compareNames = (one: string, other: string): number => collator().compare(one, other);

/** `Nov 28, 2026, 3:10:42 PM` */
export const absolute = lateFormat({ dateStyle: 'medium', timeStyle: 'medium' });

/** What the browser knows of a language, asked for when it is first needed: the first paint would wait for it. */

function late<Made>(make: () => Made): () => Made {
  let made: Made | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

const collator = late(() => new Intl.Collator(undefined, { numeric: true }));
const moment = late(() => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }));

/** `lab-2` before `lab-10`. */
export const compareNames = (one: string, other: string): number => collator().compare(one, other);

/** `Nov 28, 2026, 3:10:42 PM` */
export const absolute = { format: (at: number): string => moment().format(at) };

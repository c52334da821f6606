/** Answers that differ through the gateway, and why. Each of them has to differ: an entry that does not is removed. */
export const documented: Readonly<Record<string, string>> = {};

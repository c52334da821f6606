/** Answers that differ through the gateway, and why. Each of them has to differ: an entry that does not is removed. */
export const documented: Readonly<Record<string, string>> = {
  'basics.json: foreign Origin': 'the refusal says why, and that a key helps',
  'basics.json: preflight':
    'every header that the page asks for is granted, because unknown ones are forwarded',
};

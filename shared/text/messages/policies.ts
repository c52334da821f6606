const two = (value: number) => String(value).padStart(2, '0');

/** A minute of the day: `07:05`. */
const clock = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;

/** Power policies and their alerts. */
export const policyMessages = {
  POLICY_WAKES_NEVER: () => 'Its policy does not allow waking it from here.',
  POLICY_WAKES_FOR_PEOPLE: () => 'Its policy allows only people to wake it, not jobs.',
  POLICY_QUIET_HOURS: ({ from, to }: { from: number; to: number }) =>
    `It is in its quiet hours: jobs do not wake it from ${clock(from)} to ${clock(to)}.`,
  CHANGE_POLICY_FIRST: () => 'Change its policy first.',
  NODE_STILL_ON: ({ node, minute }: { node: string; minute: number }) =>
    `${node} is still on at ${clock(minute)}.`,
  NODE_WENT_OFF_IN_USE: ({ node }: { node: string }) => `${node} went off while it was needed.`,
};

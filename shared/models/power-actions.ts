/** What a machine can be asked to do; without a schema library, because the agent bundles it. */
export const powerActions = ['shutdown', 'sleep', 'hibernate', 'restart'] as const;
export type PowerAction = (typeof powerActions)[number];

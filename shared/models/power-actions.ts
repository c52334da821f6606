/** The power actions of a machine; without a schema library, because the agent bundles it. */
export const powerActions = ['shutdown', 'sleep', 'hibernate', 'restart'] as const;
export type PowerAction = (typeof powerActions)[number];

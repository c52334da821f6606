import { create } from 'zustand';

export type HelpAsked = { code: string } | { title: string } | { shortcuts: true } | null;

/** The help that is open. It opens over any other dialog, which keeps what was typed. */
export const useHelp = create<{ asked: HelpAsked; open: boolean }>()(() => ({ asked: null, open: false }));

/** null for the list of all entries. */
export const openHelp = (asked: HelpAsked): void => useHelp.setState({ asked, open: true });
export const closeHelp = (): void => useHelp.setState({ asked: null, open: false });

/** Whether this program is one executable with Node inside (`pilotlight-agent`). */
export const isSingleFile = (): boolean => process.getBuiltinModule('node:sea')?.isSea() === true;

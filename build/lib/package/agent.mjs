// @ts-check
/** @param {any} _ */
export async function buildAgent(_) {}

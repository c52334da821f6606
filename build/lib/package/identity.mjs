// @ts-check

/** @typedef {{ homepage: string, maintainer: string }} Identity */

/**
 * Where the program comes from, for the fields of packages. The release workflow sets both from its repository; a
 * package that someone builds for themselves must not name someone else's address.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Identity}
 */
export function packageIdentity(env) {
  return {
    homepage: env.PILOTLIGHT_HOMEPAGE || 'https://pilotlight.invalid/',
    maintainer: env.PILOTLIGHT_MAINTAINER || 'The Pilotlight authors <packages@pilotlight.invalid>',
  };
}

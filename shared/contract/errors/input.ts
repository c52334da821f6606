/** Errors of input that cannot be used. */
import type { Catalogue } from './entry.ts';

export const inputErrors = {
  UNKNOWN_METHOD: {
    message: 'There is no such method.',
    next: 'Check the name against the API reference.',
    status: 404,
  },
  UNKNOWN_STREAM: {
    message: 'There is no such stream.',
    next: 'Check the name against the API reference.',
    status: 404,
  },
  BAD_URL: {
    message: 'Pilotlight cannot use this address.',
    next: 'Enter an address like http://192.168.1.20:11434.',
    status: 400,
  },
  BAD_TOKEN: {
    message: 'This token or password cannot be sent.',
    next: 'Copy it again: letters, digits and signs of plain ASCII, without spaces or line breaks.',
    status: 400,
  },
  BAD_DESTINATION: {
    message: 'Wake packets cannot be sent to this address.',
    next: 'Enter an IPv4 address, with a port if it is not 9, like 192.168.1.255:9.',
    status: 400,
  },
  BAD_SETTING: {
    message: 'A setting has an invalid value.',
    next: 'Correct the named setting; nothing was changed.',
    status: 400,
  },
  BAD_IMPORT: {
    message: 'This file cannot be imported.',
    next: 'Correct what is named and import it again; nothing was changed.',
    status: 400,
  },
  ALREADY_EXISTS: {
    message: 'This already exists.',
    next: 'Use the existing one, or choose another address or name.',
    status: 409,
  },
} as const satisfies Catalogue;

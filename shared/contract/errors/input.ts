/** What a caller wrote cannot be used. */
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
    message: 'This is not an address that Pilotlight can use.',
    next: 'Write it like http://192.168.1.20:11434.',
    status: 400,
  },
  BAD_DESTINATION: {
    message: 'This is not an address that a wake packet can be sent to.',
    next: 'Write an IPv4 address, with a port if it is not 9, like 192.168.1.255:9.',
    status: 400,
  },
  BAD_SETTING: {
    message: 'A setting has a value that cannot be used.',
    next: 'Correct the named setting; nothing was changed.',
    status: 400,
  },
  BAD_IMPORT: {
    message: 'This file cannot be imported.',
    next: 'Correct what is named and import it again; nothing was changed.',
    status: 400,
  },
  ALREADY_EXISTS: {
    message: 'That is here already.',
    next: 'Use the one that exists, or give this one another address or name.',
    status: 409,
  },
} as const satisfies Catalogue;

/** Error codes that the troubleshooting guide has no entry for, by why: the panel offers no help for them. */
export const withoutEntry = {
  'The form or the message names the field and what to enter': [
    'BAD_REQUEST',
    'BAD_SETTING',
    'BAD_IMPORT',
    'ALREADY_EXISTS',
    'FIELD_WRONG',
    'FACES_BAD_REQUEST',
    'PREDICT_BAD_ENTRIES',
    'PREDICT_BAD_FORM',
    'PREDICT_NOTHING_GIVEN',
    'RUNNER_BAD_JSON',
  ],
  'It was asked for, or ends by itself': [
    'CANCELLED',
    'STOPPING',
    'REQUEST_CANCELLED',
    'POWER_ACTION_RUNNING',
    'NO_COUNTDOWN',
    'CHECK_RUNNING',
    'SIMULATOR_OFF',
    'NOT_FOUND',
    'NO_LONGER_WANTED',
    'BOOT_CHANGED',
  ],
  'It concerns the author of a program, not the person at the panel': [
    'UNKNOWN_METHOD',
    'UNKNOWN_STREAM',
    'FORBIDDEN_ORIGIN',
    'REQUEST_TOO_LARGE',
    'ENCODING_NOT_SUPPORTED',
    'BAD_ENCODING',
    'BAD_TARGET',
    'RUNNER_BODY_TOO_LARGE',
    'IMMICH_TOO_SLOW',
    'IMMICH_TOO_LARGE',
    'BAD_JSON',
    'BODY_TOO_LARGE',
    'HEADERS_TOO_LARGE',
    'TOO_SLOW',
    'SLOW_DOWN',
    'BROWSER_REFUSED',
    'METHOD_NOT_ALLOWED',
    'TOO_MANY_SUBSCRIBERS',
    'NOT_ALLOWED',
  ],
  'A defect of Pilotlight: there is nothing to set right': ['INTERNAL'],
} as const;

const codes: ReadonlySet<string> = new Set(Object.values(withoutEntry).flat());

export const hasHelp = (code: string): boolean => !codes.has(code);

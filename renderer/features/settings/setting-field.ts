/** What a setting is in the form. */
import type { Settings } from '../../../shared/models/settings.ts';

/** `api` has no setting of its own any more: its token is a key. */
export type Section = Exclude<keyof Settings, 'api'>;

/** How a value is entered: in another unit, one per line, or empty for none. */
export type FieldKind =
  | 'switch'
  | 'seconds'
  | 'minutes'
  | 'megabytes'
  | 'number'
  | 'lines'
  | 'port'
  | 'name'
  | 'text'
  | 'choice'
  | 'decimal'
  /** A machine; empty for none. */
  | 'node'
  /** Other models to use, a line for each: `MODEL = OTHER, OTHER`. */
  | 'fallbacks'
  /** From a time of day to another; empty for none. */
  | 'hours'
  /** Some of the options. */
  | 'choices'
  /** Rows, edited in fields of their own. */
  | 'policies'
  | 'slots'
  | 'context-rules'
  | 'keys';

export interface SettingField {
  section: Section;
  key: string;
  kind: FieldKind;
  label: string;
  about: string;
  /** The label of each value of a choice. */
  options?: Readonly<Record<string, string>>;
}

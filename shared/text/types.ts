/** What a message is made of. Types only. */

/** A message as it arrives: this version may not know its code. */
export interface AnyMessage {
  code: string;
  params: Readonly<Record<string, unknown>>;
}

declare const written: unique symbol;

/** A param that is a message of its own. It is English by the time the sentence around it is written. */
export type Text = string & { readonly [written]: true };

/** The param of a message, from what its sentence is written with. */
export type Param<Value> = Value extends Text
  ? AnyMessage
  : Value extends object
    ? { readonly [Key in keyof Value]: Param<Value[Key]> }
    : Value;

/** Code → what writes its sentence. */
export type Sentences = Readonly<Record<string, (params: never) => string>>;

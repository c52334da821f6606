/** What a message is made of. Types only. */

/** A message as it arrives: this version may not know its code. */
export interface AnyMessage {
  code: string;
  params: Readonly<Record<string, unknown>>;
}

declare const written: unique symbol;

/** A param that is itself a message. It is already English when the sentence around it is written. */
export type Text = string & { readonly [written]: true };

/** The type of a message's param, derived from what its sentence takes. */
export type Param<Value> = Value extends Text
  ? AnyMessage
  : Value extends object
    ? { readonly [Key in keyof Value]: Param<Value[Key]> }
    : Value;

/** Code → the function that writes its sentence. */
export type Sentences = Readonly<Record<string, (params: never) => string>>;

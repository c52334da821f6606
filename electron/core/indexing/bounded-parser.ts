/** A parser of HTML that holds a bounded number of open elements, so that its work is linear in the length. Pure. */
import { Parser } from 'htmlparser2';

export interface BoundedParserOptions {
  /** Elements open at once; one that lies deeper is reported as ended where it begins, and its content follows. */
  mostOpen: number;
  /** Elements that are counted by themselves, with a limit of their own. */
  apart: { names: ReadonlySet<string>; mostOpen: number };
  onopentag(name: string): void;
  onclosetag(name: string): void;
  ontext(data: string): void;
}

export interface BoundedParser {
  /** Of the event that is being reported, in the source. */
  readonly startIndex: number;
  /** The last character of it. */
  readonly endIndex: number;
  /** Elements that are held open now. */
  readonly open: number;
  write(source: string): void;
  end(): void;
}

export function createBoundedParser(options: BoundedParserOptions): BoundedParser {
  return new DepthLimitedParser(options);
}

/**
 * The parser of htmlparser2 keeps its open elements in an array that it fills from the front, and searches it at
 * each end: with 100,000 open elements each tag moves them all. It asks `isVoidElement` before it puts an element
 * there, and again at the end of the same tag; what is too deep is called void both times.
 */
class DepthLimitedParser extends Parser {
  readonly #options: BoundedParserOptions;
  #open = 0;
  #openApart = 0;
  /** What was decided about the tag under way. */
  #tag: 'none' | 'kept' | 'flat' = 'none';
  #isClosing = false;

  constructor(options: BoundedParserOptions) {
    super({
      onopentag: (name) => options.onopentag(name),
      onclosetag: (name) => {
        this.#closed(name);
        options.onclosetag(name);
      },
      ontext: (data) => options.ontext(data),
    });
    this.#options = options;
  }

  get open(): number {
    return this.#open + this.#openApart;
  }

  protected override isVoidElement(name: string): boolean {
    if (super.isVoidElement(name)) return true;
    // A tag that is to be ignored is reported without a name.
    if (name === '') return false;
    if (this.#isClosing) {
      // The end tag's own question; `</p>` without a beginning then begins an element like others.
      this.#isClosing = false;
      return false;
    }
    if (this.#tag === 'kept') {
      this.#tag = 'none';
      return false;
    }
    if (this.#tag === 'flat') return true;
    const { apart, mostOpen } = this.#options;
    const isApart = apart.names.has(name);
    const isTooDeep = isApart ? this.#openApart >= apart.mostOpen : this.#open >= mostOpen;
    this.#tag = isTooDeep ? 'flat' : 'kept';
    if (!isTooDeep) this.#count(name, 1);
    return isTooDeep;
  }

  override onclosetag(start: number, endIndex: number): void {
    this.#isClosing = true;
    super.onclosetag(start, endIndex);
    this.#isClosing = false;
  }

  #closed(name: string): void {
    if (super.isVoidElement(name)) return;
    if (this.#tag === 'flat') this.#tag = 'none';
    else this.#count(name, -1);
  }

  #count(name: string, change: 1 | -1): void {
    if (this.#options.apart.names.has(name)) this.#openApart += change;
    else this.#open += change;
  }
}

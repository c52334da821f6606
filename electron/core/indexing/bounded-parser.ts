/** An HTML parser with a limited number of open elements, so that its work is linear in the length. Pure. */
import { Parser } from 'htmlparser2';

export interface BoundedParserOptions {
  /** Elements open at once. A deeper one is reported as closed where it opens, followed by its content. */
  maxOpen: number;
  /** Elements that are counted separately, with their own limit. */
  separate: { names: ReadonlySet<string>; maxOpen: number };
  onopentag(name: string): void;
  onclosetag(name: string): void;
  ontext(data: string): void;
}

export interface BoundedParser {
  /** Where the current event starts in the source. */
  readonly startIndex: number;
  /** Its last character. */
  readonly endIndex: number;
  /** Number of open elements. */
  readonly open: number;
  /** In `onopentag`: whether this element is too deep, and so closed where it opens. */
  readonly isFlat: boolean;
  write(source: string): void;
  end(): void;
}

export function createBoundedParser(options: BoundedParserOptions): BoundedParser {
  return new DepthLimitedParser(options);
}

/**
 * The parser of htmlparser2 keeps its open elements in an array that it fills from the front and searches at each end
 * tag, so with 100,000 open elements each tag moves them all. It calls `isVoidElement` before it adds an element, and
 * again at the end of the same tag. An element that is too deep is reported as void both times.
 */
class DepthLimitedParser extends Parser {
  readonly #options: BoundedParserOptions;
  #open = 0;
  #openSeparate = 0;
  /** The decision about the current tag. */
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
    return this.#open + this.#openSeparate;
  }

  get isFlat(): boolean {
    return this.#tag === 'flat';
  }

  protected override isVoidElement(name: string): boolean {
    if (super.isVoidElement(name)) return true;
    // A tag that is ignored is reported without a name.
    if (name === '') return false;
    if (this.#isClosing) {
      // The call for an end tag. A `</p>` without a start tag then opens an element like any other.
      this.#isClosing = false;
      return false;
    }
    if (this.#tag === 'kept') {
      this.#tag = 'none';
      return false;
    }
    if (this.#tag === 'flat') return true;
    const { separate, maxOpen } = this.#options;
    const isSeparate = separate.names.has(name);
    const isTooDeep = isSeparate ? this.#openSeparate >= separate.maxOpen : this.#open >= maxOpen;
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
    if (this.#options.separate.names.has(name)) this.#openSeparate += change;
    else this.#open += change;
  }
}

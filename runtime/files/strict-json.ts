/**
 * JSON (RFC 8259) for headers of foreign files: objects become Maps, so that no key can be mistaken for a method, a key
 * given twice is told apart from a key given once, which JSON.parse cannot do, and nesting is bounded.
 */

export type Json = string | number | boolean | null | readonly Json[] | ReadonlyMap<string, Json>;

export type JsonFaults = {
  /** Ends the reading; `why` follows the name of the text. */
  readonly broken: (why: string) => never;
  /** Ends the reading at a key that its object already has. */
  readonly twice: (key: string) => never;
};

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** Reads one value that fills the text but for white space. */
export function parseStrictJson(text: string, deepest: number, faults: JsonFaults): Json {
  const reader = new Reader(text, deepest, faults);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** The place in the text moves on with each piece that is read. */
class Reader {
  readonly #text: string;
  readonly #deepest: number;
  readonly #faults: JsonFaults;
  #at = 0;

  constructor(text: string, deepest: number, faults: JsonFaults) {
    this.#text = text;
    this.#deepest = deepest;
    this.#faults = faults;
  }

  value(depth: number): Json {
    if (depth > this.#deepest) return this.#broken(`is nested more than ${this.#deepest} deep`);
    const first = this.#peek();
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    const word = WORDS.find(([spelling]) => this.#text.startsWith(spelling, this.#at));
    if (word !== undefined) {
      this.#at += word[0].length;
      return word[1];
    }
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) return this.#broken("holds no value");
    this.#at += digits.length;
    return Number(digits);
  }

  end(): void {
    if (this.#peek() !== "") this.#broken("goes on after its end");
  }

  #broken(why: string): never {
    return this.#faults.broken(`${why} at character ${this.#at}`);
  }

  /** The next character that is no space; "" at the end. */
  #peek(): string {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
    return this.#text[this.#at] ?? "";
  }

  #skip(mark: string): boolean {
    if (this.#peek() !== mark) return false;
    this.#at++;
    return true;
  }

  #want(mark: string): void {
    if (!this.#skip(mark)) this.#broken(`lacks ${mark}`);
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    const entries = new Map<string, Json>();
    this.#want("{");
    if (this.#skip("}")) return entries;
    do {
      if (this.#peek() !== '"') this.#broken("lacks a name");
      const key = this.#string();
      if (entries.has(key)) this.#faults.twice(key);
      this.#want(":");
      entries.set(key, this.value(depth + 1));
    } while (this.#skip(","));
    this.#want("}");
    return entries;
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#want("[");
    if (this.#skip("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.#skip(","));
    this.#want("]");
    return items;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.#text.slice(start, end + 1)));
    } catch {
      this.#at = start;
      return this.#broken("has broken text");
    }
  }
}

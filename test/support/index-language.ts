/**
 * A small language for prover tests, so that goals read as they do in kernels: integer expressions with
 * `+ - * div % min max clamp abs`, comparisons, `&&`, `||`. Scopes are lists of lines:
 * `dim H`, `y in 0..H`, or a condition that is assumed.
 */
import type { Atoms } from "../../compiler/analysis/atoms.ts";
import type { Condition } from "../../compiler/analysis/condition.ts";
import { all, any, atMost, equal, less, notEqual } from "../../compiler/analysis/condition.ts";
import type { Facts } from "../../compiler/analysis/facts.ts";
import type { Known } from "../../compiler/analysis/floor-division.ts";
import type { Poly } from "../../compiler/analysis/polynomial.ts";
import { add, atom, constant, negate, sub } from "../../compiler/analysis/polynomial.ts";

const TOKEN = /\s*(\d+|[A-Za-z_]\w*|&&|\|\||<=|>=|==|!=|\.\.|[-+*%<>(),])/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (match?.[1] === undefined) throw new Error(`cannot read ${JSON.stringify(text)}`);
    found.push(match[1]);
  }
  return found;
}

const COMPARISONS: Record<string, (a: Poly, b: Poly) => Condition> = {
  "<": less,
  "<=": atMost,
  ">": (a, b) => less(b, a),
  ">=": (a, b) => atMost(b, a),
  "==": equal,
  "!=": notEqual,
};

class Reader {
  readonly #tokens: string[];
  readonly #atoms: Atoms;
  readonly #known: Known | undefined;
  #at = 0;

  constructor(atoms: Atoms, text: string, known?: Known) {
    this.#atoms = atoms;
    this.#known = known;
    this.#tokens = tokens(text);
  }

  condition(): Condition {
    const parts = [this.#conjunction()];
    while (this.#take("||")) parts.push(this.#conjunction());
    return any(parts);
  }

  #conjunction(): Condition {
    const parts = [this.#comparison()];
    while (this.#take("&&")) parts.push(this.#comparison());
    return all(parts);
  }

  /** Chains such as `0 <= x < n` are allowed here: tests state ranges that way. */
  #comparison(): Condition {
    const parts: Condition[] = [];
    let left = this.sum();
    for (;;) {
      const compare = COMPARISONS[this.#tokens[this.#at] ?? ""];
      if (compare === undefined) return all(parts);
      this.#at++;
      const right = this.sum();
      parts.push(compare(left, right));
      left = right;
    }
  }

  sum(): Poly {
    let total = this.#term();
    for (;;) {
      if (this.#take("+")) total = add(total, this.#term());
      else if (this.#take("-")) total = sub(total, this.#term());
      else return total;
    }
  }

  #term(): Poly {
    let product = this.#unary();
    for (;;) {
      if (this.#take("*")) product = this.#atoms.product(product, this.#unary());
      else if (this.#take("div")) product = this.#atoms.floorDiv(product, this.#unary(), this.#known);
      else if (this.#take("%")) product = this.#atoms.mod(product, this.#unary(), this.#known);
      else return product;
    }
  }

  #unary(): Poly {
    if (this.#take("-")) return negate(this.#unary());
    if (this.#take("(")) {
      const inner = this.sum();
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens[this.#at++] ?? "";
    if (/^\d/.test(token)) return constant(BigInt(token));
    if (this.#take("(")) return this.#call(token);
    return atom(token);
  }

  #call(name: string): Poly {
    const args = [this.sum()];
    while (this.#take(",")) args.push(this.sum());
    this.#expect(")");
    const [a, b, c] = args;
    if (a !== undefined && name === "abs") return this.#atoms.abs(a, this.#known);
    if (a === undefined || b === undefined) throw new Error(`arguments of ${name}`);
    if (name === "min") return this.#atoms.min(a, b, this.#known);
    if (name === "max") return this.#atoms.max(a, b, this.#known);
    if (name === "clamp" && c !== undefined) return this.#atoms.clamp(a, b, c, this.#known);
    throw new Error(`no function ${name}`);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`expected ${token} in ${this.#tokens.join(" ")}`);
  }

  range(): { lo: Poly; hi: Poly } {
    const lo = this.sum();
    this.#expect("..");
    return { lo, hi: this.sum() };
  }
}

export function readPoly(atoms: Atoms, text: string, known?: Known): Poly {
  return new Reader(atoms, text, known).sum();
}

export function readCondition(atoms: Atoms, text: string, known?: Known): Condition {
  return new Reader(atoms, text, known).condition();
}

/** Adds the lines of a scope: `dim A B`, `x in lo..hi`, or a condition. */
export function readScope(facts: Facts, lines: readonly string[]): Facts {
  return lines.reduce((scope, line) => {
    if (line.startsWith("dim ")) {
      const ids = line.slice(4).split(" ");
      return ids.reduce((f, id) => f.assumeDim(id), scope);
    }
    const range = /^(\w+) in (.*)$/.exec(line);
    if (range?.[1] === undefined || range[2] === undefined)
      return scope.assume(readCondition(scope.atoms, line, scope), line);
    const { lo, hi } = new Reader(scope.atoms, range[2], scope).range();
    return scope.assumeRange(range[1], lo, hi, line);
  }, facts);
}

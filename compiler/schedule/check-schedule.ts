/**
 * Is a schedule well made? Its targets and directives exist, each directive has the operands that its row of
 * signatures.ts names, and every stage, loop and tensor it mentions is one of the kernel's, or was made by a directive
 * above it. Whether a directive is legal is asked when it is applied.
 */
import type { Directive, DirectiveClause, Item, Operand, ScheduleBlock, Setting, Word } from "../ir/directives.ts";
import type { Kernel } from "../ir/equations.ts";
import type { Code } from "../support/codes.ts";
import type { Diagnostics } from "../support/diagnostics.ts";
import { unreachable } from "../support/invariant.ts";
import type { Span } from "../support/source.ts";
import { didYouMean } from "../support/typos.ts";
import { scheduledNames } from "./scheduled-names.ts";
import type { OperandKind, Signature, Slot } from "./signatures.ts";
import { DIRECTIVES, PLACES, SCHEDULED_TARGETS } from "./signatures.ts";

/** What a schedule may mention. `kernel` is null where it has not been lowered: names of its parts are then not asked. */
export type Scheduled = {
  readonly kernel: Kernel | null;
  /** Generics and dims: what a size may be made of, beside `lanes`. */
  readonly sizes: readonly string[];
};

/** Reports everything that is wrong with the block. */
export function checkSchedule(block: ScheduleBlock, scheduled: Scheduled, diagnostics: Diagnostics): void {
  for (const target of block.targets) {
    if (SCHEDULED_TARGETS.includes(target.text)) continue;
    diagnostics.report("E3005", {
      span: target.span,
      message: `no target is called \`${target.text}\``,
      help: [nearestOf(target.text, SCHEDULED_TARGETS)],
    });
  }
  const checker = new ScheduleChecker(scheduled, diagnostics);
  for (const d of block.directives) checker.check(d);
}

/** The nearest name, else all of them. */
function nearestOf(name: string, names: readonly string[]): string {
  const near = didYouMean(name, names);
  if (near !== null) return `did you mean ${near} ?`;
  if (names.length === 0) return "remove it";
  if (names.length === 1) return `write ${names[0] ?? ""}`;
  const shown = names.slice(0, 12).join(", ");
  return `write one of ${shown}${names.length > 12 ? ", …" : ""}`;
}

class ScheduleChecker {
  readonly #known: ReturnType<typeof scheduledNames> | null;
  readonly #sizes: ReadonlySet<string>;
  readonly #diagnostics: Diagnostics;
  /** Names that directives made. */
  readonly #made = new Map<string, Span>();
  /** Loops that directives took apart. */
  readonly #gone = new Map<string, Span>();

  constructor(scheduled: Scheduled, diagnostics: Diagnostics) {
    this.#known = scheduled.kernel === null ? null : scheduledNames(scheduled.kernel);
    this.#sizes = new Set([...scheduled.sizes, "lanes"]);
    this.#diagnostics = diagnostics;
  }

  check(d: Directive): void {
    const signature = Object.hasOwn(DIRECTIVES, d.word.text) ? DIRECTIVES[d.word.text] : undefined;
    if (signature === undefined) {
      this.#report("E3001", d.word.span, `no directive is called \`${d.word.text}\``, [
        nearestOf(d.word.text, Object.keys(DIRECTIVES)),
      ]);
      return;
    }
    this.#items(d, signature);
    this.#clauses(d, signature);
    this.#settings(d.word, d.args, signature.settings ?? []);
    this.#results(d, signature);
    if (d.word.text === "cache") this.#makeCopy(d);
  }

  #report(code: Code, span: Span, message: string, help: readonly string[]): void {
    this.#diagnostics.report(code, { span, message, help });
  }

  /** The directive is not written as it should be. */
  #misused(span: Span, word: string, what: string): void {
    const usage = DIRECTIVES[word]?.usage ?? word;
    this.#report("E3002", span, `\`${word}\` ${what}`, [`write ${usage}`]);
  }

  #items(d: Directive, { items, to, settings }: Signature): void {
    const word = d.word.text;
    if (items === null) {
      const [extra] = d.items;
      if (extra !== undefined) this.#misused(extra.span, word, "takes nothing here");
      return;
    }
    if (d.items.length === 0) return this.#misused(d.word.span, word, "is missing what it is about");
    this.#slot(word, items, d.items, 1, settings);
    for (const item of d.items) {
      if (to === undefined && item.to !== null) this.#misused(item.to.span, word, "takes no `to`");
      if (to === undefined) continue;
      if (item.to === null) this.#misused(item.span, word, "is missing its `to`");
      else this.#operand(word, to, item.to);
    }
  }

  /** `items` is how many the directive is about: what `each` counts. */
  #slot(word: string, slot: Slot, given: readonly Item[], items: number, settings?: readonly string[]): void {
    const wanted = slot.count === "each" ? items : slot.count;
    const extra = wanted === "many" ? undefined : given[wanted];
    if (extra !== undefined) this.#misused(extra.span, word, `takes ${wanted} of these, not ${given.length}`);
    const last = given.at(-1);
    if (wanted !== "many" && given.length < wanted && last !== undefined)
      this.#misused(last.span, word, `takes ${wanted} of these, not ${given.length}`);
    for (const item of given) {
      const { value } = item;
      // `A(dim = 1)`: the tensor and what is asked of it.
      if (settings !== undefined && value.kind === "call") {
        this.#operand(word, slot.kind, { kind: "name", path: [value.callee], span: value.callee.span });
        this.#settings(value.callee, value.args, settings);
      } else this.#operand(word, slot.kind, value);
    }
  }

  #clauses(d: Directive, signature: Signature): void {
    const word = d.word.text;
    const seen = new Set<string>();
    for (const c of d.clauses) {
      const name = c.kind === "results" ? "->" : c.kind === "option" ? c.word.text : c.word;
      if (seen.has(name)) this.#misused(c.span, word, `has \`${name}\` twice`);
      seen.add(name);
      this.#clause(d, signature, c);
    }
    for (const p of signature.required ?? []) {
      if (!seen.has(p)) this.#misused(d.span, word, `is missing its \`${p}\``);
    }
    if (signature.results !== undefined && !seen.has("->")) this.#misused(d.span, word, "is missing `-> …`");
    const choices = [...Object.keys(signature.options ?? {}), ...Object.keys(signature.prepositions ?? {})];
    if (signature.needsOption === true && !choices.some((c) => seen.has(c)))
      this.#misused(d.span, word, "does not say how");
  }

  #clause(d: Directive, signature: Signature, c: DirectiveClause): void {
    const word = d.word.text;
    if (c.kind === "results") {
      if (signature.results === undefined) this.#misused(c.span, word, "makes no new loops");
    } else if (c.kind === "preposition") {
      const slot = signature.prepositions?.[c.word];
      if (slot === undefined) return this.#misused(c.span, word, `takes no \`${c.word}\``);
      this.#slot(word, slot, c.items, d.items.length);
      for (const i of c.items) if (i.to !== null) this.#misused(i.to.span, word, "takes no `to` here");
    } else {
      const options = signature.options ?? {};
      const settings = Object.hasOwn(options, c.word.text) ? options[c.word.text] : undefined;
      if (settings === undefined) return this.#misused(c.span, word, `takes no \`${c.word.text}\``);
      this.#settings(c.word, c.args, settings);
    }
  }

  #settings(word: Word, args: readonly Setting[], names: readonly string[]): void {
    for (const [n, a] of args.entries()) {
      if (a.name !== null && !names.includes(a.name.text)) {
        const help = names.length === 0 ? "remove it" : nearestOf(a.name.text, names);
        this.#report("E3002", a.name.span, `\`${word.text}\` has no argument \`${a.name.text}\``, [help]);
      } else if (a.name === null && n >= names.length)
        this.#report(
          "E3002",
          a.span,
          `\`${word.text}\` takes ${names.length === 0 ? "no arguments" : names.length === 1 ? "1 argument" : `${names.length} arguments`}`,
          [names.length === 0 ? "remove it" : `write ${word.text}(${names.map((s) => `${s} = …`).join(", ")})`],
        );
    }
  }

  #operand(word: string, kind: OperandKind, operand: Operand): void {
    if (kind === "size") return this.#size(word, operand);
    if (kind === "index") return this.#index(word, operand);
    if (kind === "call") {
      if (operand.kind !== "call" && operand.kind !== "name") this.#misused(operand.span, word, "takes a name here");
      return;
    }
    if (operand.kind !== "name") return this.#misused(operand.span, word, "takes a name here");
    const name = operand.path.map((w) => w.text).join(".");
    if (kind === "place") return this.#choice(word, name, operand.span, PLACES);
    if (typeof kind !== "string") return this.#choice(word, name, operand.span, kind);
    this.#part(kind, name, operand.span);
  }

  #choice(word: string, name: string, span: Span, names: readonly string[]): void {
    if (!names.includes(name))
      this.#report("E3002", span, `\`${word}\` does not know \`${name}\``, [nearestOf(name, names)]);
  }

  /** A loop, stage or tensor of the kernel, or a loop that was made above. */
  #part(kind: "loop" | "stage" | "tensor", name: string, span: Span): void {
    if (this.#known === null || (kind === "loop" && this.#made.has(name) && !this.#gone.has(name))) return;
    const gone = this.#gone.get(name);
    if (kind === "loop" && gone !== undefined) {
      this.#diagnostics.report("E3003", {
        span,
        message: `the loop \`${name}\` is no longer there`,
        related: [{ span: gone, message: "it was taken apart here" }],
        help: ["name one of the loops that it became"],
      });
      return;
    }
    const names = this.#known[`${kind}s`];
    if (names.has(name)) return;
    const all = [...names, ...(kind === "loop" ? this.#made.keys() : [])].filter((n) => !this.#gone.has(n));
    // The stages of a call are called after what it gives: `f.acc`, and `acc` alone, mean `Z.acc` of `Z = f(X)`.
    const own = name.split(".").slice(kind === "loop" ? -2 : -1);
    const meant = all.filter((n) => n.endsWith(`.${own.join(".")}`));
    const isOther = meant.length > 0 && didYouMean(name, all) === null;
    this.#report("E3003", span, `the kernel has no ${kind} \`${name}\``, [nearestOf(name, isOther ? meant : all)]);
  }

  #size(word: string, operand: Operand): void {
    switch (operand.kind) {
      case "integer":
        if (operand.value < 1n) this.#misused(operand.span, word, "takes sizes of at least 1");
        return;
      case "name": {
        const name = operand.path.map((w) => w.text).join(".");
        if (!this.#sizes.has(name))
          this.#report("E3003", operand.span, `\`${name}\` is not a size`, [nearestOf(name, [...this.#sizes])]);
        return;
      }
      case "operation":
        this.#size(word, operand.left);
        return this.#size(word, operand.right);
      case "call":
        if (operand.callee.text !== "tune")
          return this.#choice(word, operand.callee.text, operand.callee.span, ["tune"]);
        if (operand.args.length === 0) this.#misused(operand.span, word, "has a `tune` without values");
        for (const a of operand.args) this.#size(word, a.value);
        return;
      case "flag":
      case "text":
        return this.#misused(operand.span, word, "takes a size here");
      default:
        return unreachable(operand);
    }
  }

  /** Arithmetic over the indices of a stage. Which stage, and whether it is one to one, is the primitive's question. */
  #index(word: string, operand: Operand): void {
    if (operand.kind === "operation") {
      this.#index(word, operand.left);
      return this.#index(word, operand.right);
    }
    if (operand.kind === "integer") return;
    if (operand.kind !== "name") return this.#misused(operand.span, word, "takes an index here");
    const name = operand.path.map((w) => w.text).join(".");
    if (this.#known !== null && !this.#known.indices.has(name) && !this.#sizes.has(name))
      this.#report("E3003", operand.span, `no stage has an index \`${name}\``, [
        nearestOf(name, [...this.#known.indices]),
      ]);
  }

  /** New loops take the place of the old ones. */
  #results(d: Directive, signature: Signature): void {
    const clause = d.clauses.find((c) => c.kind === "results");
    if (clause === undefined || signature.results === undefined) return;
    const wanted = signature.results === "one" ? 1 : signature.results * d.items.length;
    if (clause.names.length !== wanted)
      this.#misused(clause.span, d.word.text, `makes ${wanted} loops here, not ${clause.names.length}`);
    for (const { value } of d.items) {
      if (value.kind === "name") this.#gone.set(value.path.map((w) => w.text).join("."), d.span);
    }
    for (const n of clause.names) this.#make(n.text, n.span);
  }

  #make(name: string, span: Span): void {
    const before = this.#made.get(name);
    const taken = this.#known !== null && (this.#known.stages.has(name) || this.#known.tensors.has(name));
    if (before !== undefined || taken || this.#sizes.has(name)) {
      this.#diagnostics.report("E3004", {
        span,
        message: `\`${name}\` already means something`,
        related: before === undefined ? [] : [{ span: before, message: "it was made here" }],
        help: ["give the loop another name"],
      });
    }
    this.#gone.delete(name);
    this.#made.set(name, span);
  }

  /** `cache A …` makes the loops of the copy nameable as `A.copy`. */
  #makeCopy(d: Directive): void {
    const value = d.items[0]?.value;
    if (value?.kind === "name") this.#made.set(`${value.path.map((w) => w.text).join(".")}.copy`, d.span);
  }
}

/**
 * One nest as a C function. A register that is used once, in the block that defines it, is written where it is used, so
 * that three-address code reads as expressions again; every other register is a `const` variable. What reads memory or a
 * variable is written out before something may change it.
 */
import type { Inst, MachineBuffer, MachineFunction, MachineType, Place, Reg } from "../../compiler/ir/machine.ts";
import { blocksOf, defined, operands } from "../../compiler/ir/walk-machine.ts";
import { InternalError, invariant, known, unreachable } from "../../compiler/support/invariant.ts";
import { ELEM_TYPES } from "./c-types.ts";
import { conversion } from "./conversions.ts";
import type { IntegerRanges } from "./integer-ranges.ts";
import { integerRanges } from "./integer-ranges.ts";
import type { CArray } from "./layout.ts";
import type { CText, UseHelper } from "./literals.ts";
import { literal } from "./literals.ts";
import type { Operand } from "./operations.ts";
import { operation } from "./operations.ts";

/** An expression not yet written: what may change its value if it waits. */
type Waiting = CText & { readonly readsMemory: boolean; readonly readsLocals: boolean };

/** Longer expressions get a variable of their own. */
const LONGEST = 88;

export type Surroundings = {
  readonly arrays: ReadonlyMap<string, CArray>;
  readonly buffers: ReadonlyMap<string, MachineBuffer>;
  readonly use: UseHelper;
  /** A new label; labels are unique in a file, so that tools can name loops. */
  readonly label: () => string;
};

/** The statements of the function, indented by two spaces. */
export function printBody(fn: MachineFunction, around: Surroundings): readonly string[] {
  const printer = new FunctionPrinter(fn, around);
  printer.block(fn.body, "  ");
  return printer.lines;
}

class FunctionPrinter {
  readonly lines: string[] = [];
  readonly #fn: MachineFunction;
  readonly #around: Surroundings;
  readonly #ranges: IntegerRanges;
  readonly #inlined: ReadonlySet<Reg>;
  readonly #lateDeclarations: LateDeclarations;
  #variables = 0;
  #loops = 0;
  /** What each written register reads as: its variable, or a literal. */
  readonly #names = new Map<Reg, CText>();
  readonly #waiting = new Map<Reg, Waiting>();
  /** Taken while the current instruction is printed. */
  #readsMemory = false;
  #readsLocals = false;

  constructor(fn: MachineFunction, around: Surroundings) {
    this.#fn = fn;
    this.#around = around;
    this.#ranges = integerRanges(fn, around.buffers);
    this.#inlined = usedOnceInTheirBlock(fn.body);
    this.#lateDeclarations = findLateDeclarations(fn.body);
  }

  block(list: readonly Inst[], margin: string): void {
    for (const inst of list) this.#inst(inst, margin);
  }

  #inst(inst: Inst, margin: string): void {
    this.#readsMemory = false;
    this.#readsLocals = false;
    switch (inst.kind) {
      case "const":
        this.#names.set(inst.dst, literal(this.#type(inst.dst).elem, inst.value, this.#around.use));
        return;
      case "apply":
      case "select":
      case "convert":
      case "load":
      case "get":
        return this.#define(inst.dst, this.#value(inst), margin);
      case "store": {
        const { type } = this.#array(inst.place);
        const value = this.#operand(inst.value);
        const narrow = type === ELEM_TYPES[this.#type(inst.value).elem] ? value.text : `(${type})${value.inner}`;
        const target = this.#element(inst.place);
        this.#flush(margin, (w) => w.readsMemory);
        this.lines.push(`${margin}${target} = ${narrow};`);
        return;
      }
      case "declare":
      case "set": {
        if (inst.kind === "declare" && this.#lateDeclarations.dropped.has(inst)) return;
        const value = this.#operand(inst.kind === "declare" ? inst.init : inst.value).text;
        const declares = inst.kind === "declare" || this.#lateDeclarations.declaring.has(inst);
        // Clang warns about `v0 = v0`, which a guard that never holds leaves behind.
        if (!declares && value === `v${inst.local}`) return;
        const type = declares ? `${ELEM_TYPES[this.#localType(inst.local).elem]} ` : "";
        this.#flush(margin, (w) => w.readsLocals);
        this.lines.push(`${margin}${type}v${inst.local} = ${value};`);
        return;
      }
      case "loop":
        return this.#loop(inst, margin);
      case "if":
        return this.#if(inst, margin);
      case "dim":
      case "base":
      case "splat":
      case "extract":
      case "pack":
      case "ramp":
        throw new InternalError(`${inst.kind}: this target is scalar and its dims are constants`);
      default:
        return unreachable(inst);
    }
  }

  #loop(inst: Extract<Inst, { kind: "loop" }>, margin: string): void {
    // First of all: the upper bound is looked at again in each round, and the body may change what it would read.
    this.#flush(margin, (w) => w.readsMemory || w.readsLocals);
    const [lo, hi] = [this.#operand(inst.lo), this.#operand(inst.hi)];
    const v = `i${this.#loops++}`;
    this.#names.set(inst.variable, { text: v, tight: true });
    const next = inst.step === 1 ? `${v}++` : `${v} += ${inst.step}`;
    this.lines.push(`${margin}${this.#around.label()}: for (int32_t ${v} = ${lo.text}; ${v} < ${hi.inner}; ${next}) {`);
    this.block(inst.body, `${margin}  `);
    this.lines.push(`${margin}}`);
  }

  #if(inst: Extract<Inst, { kind: "if" }>, margin: string): void {
    const cond = this.#operand(inst.cond);
    this.#flush(margin, (w) => w.readsMemory || w.readsLocals);
    this.lines.push(`${margin}if (${cond.text}) {`);
    this.block(inst.then, `${margin}  `);
    if (inst.otherwise.length > 0) {
      this.lines.push(`${margin}} else {`);
      this.block(inst.otherwise, `${margin}  `);
    }
    this.lines.push(`${margin}}`);
  }

  #value(inst: Extract<Inst, { kind: "apply" | "select" | "convert" | "load" | "get" }>): CText {
    const { use } = this.#around;
    switch (inst.kind) {
      case "apply": {
        const { elem } = this.#type(known(inst.args[0], "operand"));
        const mayWrap = this.#ranges.mayWrap(inst.dst);
        return operation(
          inst.op,
          { elem, use, mayWrap },
          inst.args.map((r) => this.#operand(r)),
        );
      }
      case "select": {
        const [cond, yes, no] = [this.#operand(inst.cond), this.#operand(inst.yes), this.#operand(inst.no)];
        return { text: `${cond.inner} ? ${yes.inner} : ${no.inner}`, tight: false };
      }
      case "convert":
        return conversion(
          inst.mode,
          this.#type(inst.arg).elem,
          this.#type(inst.dst).elem,
          this.#operand(inst.arg),
          use,
        );
      case "load":
        return this.#load(inst);
      case "get":
        this.#readsLocals = true;
        return { text: `v${inst.local}`, tight: true };
      default:
        return unreachable(inst);
    }
  }

  #load({ dst, place }: Extract<Inst, { kind: "load" }>): CText {
    const { elem } = this.#type(dst);
    const array = this.#array(place);
    const text = `${array.type === ELEM_TYPES[elem] ? "" : `(${ELEM_TYPES[elem]})`}${this.#element(place)}`;
    invariant(!(elem === "f32" && array.type === "uint16_t"), "half floats are loaded as bits");
    this.#readsMemory = true;
    if (place.when === null) return { text, tight: true };
    const zero = literal(elem, elem === "bool" ? false : 0, this.#around.use);
    return { text: `${this.#operand(place.when).inner} ? ${text} : ${zero.text}`, tight: false };
  }

  #element(place: Place): string {
    invariant(place.offset === 0 && place.shape === "scalar", "an element of an array");
    const subscripts = place.index.length === 0 ? ["0"] : place.index.map((r) => this.#operand(r).text);
    return `${this.#array(place).name}${subscripts.map((s) => `[${s}]`).join("")}`;
  }

  #array(place: Place): CArray {
    return known(this.#around.arrays.get(place.buffer), "array");
  }

  #type(r: Reg): MachineType {
    const type = known(this.#fn.types[r], "type of a register");
    invariant(type.lanes === 1, "this target is scalar");
    return type;
  }

  #localType(local: number): MachineType {
    return known(this.#fn.locals[local], "type of a local");
  }

  /** Takes the register for a use; a waiting expression is used up. */
  #operand(r: Reg): Operand {
    const waiting = this.#waiting.get(r);
    const c = waiting ?? known(this.#names.get(r), `register ${r}`);
    if (waiting !== undefined) {
      this.#waiting.delete(r);
      this.#readsMemory ||= waiting.readsMemory;
      this.#readsLocals ||= waiting.readsLocals;
    }
    return { text: c.text, inner: c.tight ? c.text : `(${c.text})`, range: this.#ranges.of(r) };
  }

  #define(dst: Reg, c: CText, margin: string): void {
    const waiting = { ...c, readsMemory: this.#readsMemory, readsLocals: this.#readsLocals };
    if (this.#inlined.has(dst) && c.text.length <= LONGEST) this.#waiting.set(dst, waiting);
    else this.#write(dst, c, margin);
  }

  #write(dst: Reg, c: CText, margin: string): void {
    const name = `r${this.#variables++}`;
    this.lines.push(`${margin}const ${ELEM_TYPES[this.#type(dst).elem]} ${name} = ${c.text};`);
    this.#names.set(dst, { text: name, tight: true });
  }

  /** Writes out the waiting expressions that something now to be printed could change. */
  #flush(margin: string, concerns: (w: Waiting) => boolean): void {
    for (const [r, w] of this.#waiting) {
      if (!concerns(w)) continue;
      this.#waiting.delete(r);
      this.#write(r, w, margin);
    }
  }
}

/** Registers with one use in all, in the block that defines them. */
function usedOnceInTheirBlock(body: readonly Inst[]): ReadonlySet<Reg> {
  const uses = new Map<Reg, { count: number; block: readonly Inst[] }>();
  const definitions = new Map<Reg, readonly Inst[]>();
  const visit = (block: readonly Inst[]): void => {
    for (const inst of block) {
      const dst = defined(inst);
      if (dst !== null) definitions.set(dst, block);
      for (const r of operands(inst)) uses.set(r, { count: (uses.get(r)?.count ?? 0) + 1, block });
      for (const inner of blocksOf(inst)) visit(inner);
    }
  };
  visit(body);
  const once = [...uses].filter(([r, use]) => use.count === 1 && definitions.get(r) === use.block);
  return new Set(once.map(([r]) => r));
}

type LateDeclarations = {
  /** Declarations whose initial value nobody reads. */
  readonly dropped: ReadonlySet<Inst>;
  /** The assignments that follow them, which declare the variable instead. */
  readonly declaring: ReadonlySet<Inst>;
};

/** Where a local is assigned, in its own block, before anything reads it. */
function findLateDeclarations(body: readonly Inst[]): LateDeclarations {
  const [dropped, declaring] = [new Set<Inst>(), new Set<Inst>()];
  const visit = (block: readonly Inst[]): void => {
    for (const [n, inst] of block.entries()) {
      for (const inner of blocksOf(inst)) visit(inner);
      if (inst.kind !== "declare") continue;
      const first = block.slice(n + 1).find((later) => mentions(later, inst.local));
      if (first?.kind !== "set") continue;
      dropped.add(inst);
      declaring.add(first);
    }
  };
  visit(body);
  return { dropped, declaring };
}

function mentions(inst: Inst, local: number): boolean {
  if (inst.kind === "get" || inst.kind === "set") return inst.local === local;
  return blocksOf(inst).some((block) => block.some((inner) => mentions(inner, local)));
}

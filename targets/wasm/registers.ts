/**
 * The registers of a machine function on their way into WebAssembly. A register that is used once, in the block that
 * defines it, stays an expression and is nested into its use; all others become locals; constants and parameters are
 * written where they are used. A nested expression is evaluated later than it was written, so what reads memory or a
 * mutable local is put into a local before that memory or local changes.
 */
import type { Inst, Local, MachineFunction, Reg } from "../../compiler/ir/machine.ts";
import { blocksOf, operands } from "../../compiler/ir/walk-machine.ts";
import { known, unreachable } from "../../compiler/support/invariant.ts";
import type { FunctionContext } from "./function-context.ts";
import type { Ref, WasmType } from "./load-binaryen.ts";
import type { Value, Writer } from "./operations.ts";
import type { Shape } from "./shape.ts";
import { isVector, shapeOf, wasmType } from "./shape.ts";

/** An expression that waits for its only use, and what it must be evaluated before a change of. */
type Waiting = {
  readonly ref: Ref;
  readonly depth: number;
  readonly reads: ReadonlySet<string>;
  readonly locals: ReadonlySet<Local>;
};

/** Deeper expressions are cut, so that nobody's recursion grows with the length of a kernel. */
const DEEPEST = 40;

/** One place where a function's statements are collected, and the locals they use. */
export class Registers implements Writer {
  readonly b: FunctionContext["b"];
  readonly m: FunctionContext["m"];
  readonly relaxed: boolean;
  readonly locals: WasmType[] = [];
  readonly #fn: MachineFunction;
  readonly #context: FunctionContext;
  readonly #definitions = new Map<Reg, Inst>();
  readonly #onlyUses: ReadonlyMap<Reg, Inst>;
  readonly #waiting = new Map<Reg, Waiting>();
  readonly #placed: Map<Reg, number>;
  readonly #variables: Map<Local, number>;
  readonly #widened = new Map<Reg, Shape>();
  #statements: Ref[] = [];

  constructor(fn: MachineFunction, context: FunctionContext) {
    this.b = context.b;
    this.m = context.m;
    this.relaxed = context.relaxed;
    this.#fn = fn;
    this.#context = context;
    this.#placed = new Map(context.given.registers);
    this.#variables = new Map(context.given.locals);
    this.#onlyUses = findOnlyUses(fn.body, this.#definitions);
  }

  /** The statements that `make` emits, as one. */
  block(make: () => void): Ref {
    const outer = this.#statements;
    this.#statements = [];
    make();
    const statements = this.#statements;
    this.#statements = outer;
    return statements.length === 1 ? known(statements[0], "statement") : this.m.block(null, statements);
  }

  emit(statement: Ref): void {
    this.#statements.push(statement);
  }

  keep(shape: Shape, value: Ref): () => Ref {
    const local = this.newLocal(wasmType(shape, this.b));
    this.emit(this.m.local.set(local, value));
    return () => this.#get(local, shape);
  }

  shape(r: Reg): Shape {
    return this.#widened.get(r) ?? shapeOf(known(this.#fn.types[r], `the type of register ${r}`));
  }

  /** The instruction that alone uses the register, in the block that defines it. */
  onlyUse(r: Reg): Inst | undefined {
    return this.#onlyUses.get(r);
  }

  definition(r: Reg): Inst | undefined {
    return this.#definitions.get(r);
  }

  /** The instruction that defines a register whose expression waits for its use. */
  waitingDefinition(r: Reg): Inst | undefined {
    return this.#waiting.has(r) ? this.#definitions.get(r) : undefined;
  }

  /** Forgets an expression that waits: its use does without it. */
  drop(r: Reg): void {
    this.#waiting.delete(r);
  }

  /** Says that a scalar is made in all lanes of a vector at once, because a splat is all that uses it. */
  widen(r: Reg, shape: Shape): void {
    this.#widened.set(r, shape);
  }

  isWidened(r: Reg): boolean {
    return this.#widened.has(r);
  }

  /** The register as an operand of the instruction being written. */
  value(r: Reg): Value {
    const once = (): Ref => {
      const waiting = this.#waiting.get(r);
      if (waiting === undefined) return this.#atHand(r);
      this.#waiting.delete(r);
      return waiting.ref;
    };
    const many = (): Ref => {
      this.#settle(r);
      return this.#atHand(r);
    };
    return { once, many, constant: this.#constantOf(r), splatted: this.#splatted(r) };
  }

  /** Defines a register by an expression over the registers `from`. */
  define(
    r: Reg,
    from: readonly Reg[],
    make: () => Ref,
    sees: { readonly buffer?: string; readonly local?: Local } = {},
  ): void {
    const inner = from.flatMap((a) => this.#waiting.get(a) ?? []);
    const ref = make();
    const depth = 1 + inner.reduce((most, w) => Math.max(most, w.depth), 0);
    if (!this.#onlyUses.has(r) || depth > DEEPEST) {
      this.#place(r, ref);
      return;
    }
    const reads = new Set(inner.flatMap((w) => [...w.reads]));
    const locals = new Set(inner.flatMap((w) => [...w.locals]));
    if (sees.buffer !== undefined) reads.add(sees.buffer);
    if (sees.local !== undefined) locals.add(sees.local);
    this.#waiting.set(r, { ref, depth, reads, locals });
  }

  /** To be called before a statement that stores to the buffer. */
  beforeStore(buffer: string): void {
    this.#settleWhere((w) => w.reads.has(buffer));
  }

  /** To be called before a statement that sets the local; the local of WebAssembly for it. */
  beforeSet(local: Local): number {
    this.#settleWhere((w) => w.locals.has(local));
    return this.variable(local);
  }

  /** To be called before a loop or a branch, which may store and set anything. */
  beforeBlock(): void {
    this.#settleWhere((w) => w.reads.size > 0 || w.locals.size > 0);
  }

  variable(local: Local): number {
    const old = this.#variables.get(local);
    if (old !== undefined) return old;
    const fresh = this.newLocal(this.variableType(local));
    this.#variables.set(local, fresh);
    return fresh;
  }

  variableType(local: Local): WasmType {
    return wasmType(shapeOf(known(this.#fn.locals[local], "the type of a local")), this.b);
  }

  /** Gives a loop's variable a local and sets it. */
  startVariable(r: Reg, value: Ref): number {
    return this.#place(r, value);
  }

  newLocal(type: WasmType): number {
    return this.#context.taken + this.locals.push(type) - 1;
  }

  #get(local: number, shape: Shape): Ref {
    return this.m.local.get(local, wasmType(shape, this.b));
  }

  /** The scalar in all lanes of a vector, where it is at hand (not where it went into the splat's own expression). */
  #splatted(r: Reg): (() => Ref) | null {
    const inst = this.#definitions.get(r);
    if (inst?.kind !== "splat") return null;
    const { arg } = inst;
    const scalar = this.#definitions.get(arg)?.kind;
    const atHand = scalar === "const" || scalar === "dim" || scalar === "base" || this.#placed.has(arg);
    if (!atHand || isVector(this.shape(arg))) return null;
    return () => {
      this.#waiting.delete(r);
      return this.#atHand(arg);
    };
  }

  #constantOf(r: Reg): number | bigint | boolean | undefined {
    const inst = this.#definitions.get(r);
    if (inst?.kind === "const") return inst.value;
    return inst?.kind === "splat" ? this.#constantOf(inst.arg) : undefined;
  }

  /** A register that does not wait: a constant, a parameter, or in a local. */
  #atHand(r: Reg): Ref {
    const shape = this.shape(r);
    const inst = this.#definitions.get(r);
    if (inst?.kind === "const") return constantOf(this.m, shape, inst.value);
    if (inst?.kind === "dim") return this.#get(this.#context.dim(inst.dim), shape);
    if (inst?.kind === "base") return this.#get(this.#context.addressOf(inst.buffer), shape);
    return this.#get(known(this.#placed.get(r), `register ${r} of ${this.#fn.name}`), shape);
  }

  #settle(r: Reg): void {
    const waiting = this.#waiting.get(r);
    if (waiting === undefined) return;
    this.#waiting.delete(r);
    this.#place(r, waiting.ref);
  }

  #settleWhere(sees: (w: Waiting) => boolean): void {
    for (const [r, w] of this.#waiting) if (sees(w)) this.#settle(r);
  }

  #place(r: Reg, value: Ref): number {
    const local = this.newLocal(wasmType(this.shape(r), this.b));
    this.#placed.set(r, local);
    this.emit(this.m.local.set(local, value));
    return local;
  }
}

/** Notes all definitions, and finds the registers with one use, in the block that defines them: that use. */
function findOnlyUses(body: readonly Inst[], definitions: Map<Reg, Inst>): ReadonlyMap<Reg, Inst> {
  const uses = new Map<Reg, number>();
  const home = new Map<Reg, readonly Inst[]>();
  const only = new Map<Reg, Inst>();
  const go = (list: readonly Inst[]): void => {
    for (const inst of list) {
      for (const r of operands(inst)) {
        const count = (uses.get(r) ?? 0) + 1;
        uses.set(r, count);
        if (count === 1 && home.get(r) === list) only.set(r, inst);
        else only.delete(r);
      }
      if ("dst" in inst) {
        definitions.set(inst.dst, inst);
        home.set(inst.dst, list);
      }
      for (const inner of blocksOf(inst)) go(inner);
    }
  };
  go(body);
  return only;
}

/** A constant of the shape; every bit of a float is kept but the payload of a NaN. */
function constantOf(m: Registers["m"], shape: Shape, value: number | bigint | boolean): Ref {
  switch (shape) {
    case "bool":
    case "i32":
    case "u32":
      return m.i32.const(Number(value) | 0);
    case "i64":
    case "u64":
      return m.i64.const(BigInt.asIntN(64, BigInt(value)));
    case "f32":
      return m.f32.const(Number(value));
    case "f64":
      return m.f64.const(Number(value));
    case "boolx4":
      return m.i32x4.splat(m.i32.const(value === true ? -1 : 0));
    case "i32x4":
    case "u32x4":
      return m.i32x4.splat(m.i32.const(Number(value) | 0));
    case "f32x4":
      return m.f32x4.splat(m.f32.const(Number(value)));
    default:
      return unreachable(shape);
  }
}

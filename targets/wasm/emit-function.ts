/**
 * One machine function as a function of WebAssembly: the walk over its instructions. Which register is an expression and
 * which a local is decided in registers.ts.
 *
 * A vector constant is splatted from a scalar into a local where invariant motion has put it, in front of the loops:
 * V8 14 makes a `v128.const` anew at every use, which doubles the time of `exp`; a splat in a local costs what a load from a
 * pool of constants costs (measured: 7.2 cycles per 4 f32 each, 13.1 with v128.const; V8 12 makes no difference).
 */
import type { Inst, Local, MachineFunction, Place as MachinePlace, Reg } from "../../compiler/ir/machine.ts";
import { operands } from "../../compiler/ir/walk-machine.ts";
import { invariant, known, unreachable } from "../../compiler/support/invariant.ts";
import { convert } from "./conversions.ts";
import { elementRow } from "./elements.ts";
import { emitStrips, runsFewTimes } from "./emit-strips.ts";
import type { FunctionBody, FunctionContext } from "./function-context.ts";
import type { Module, Ref } from "./load-binaryen.ts";
import type { Place } from "./memory-access.ts";
import { loadScalar, loadSplat, loadVector, storeScalar, storeVector } from "./memory-access.ts";
import type { Value } from "./operations.ts";
import { spellingOf } from "./operations.ts";
import { Registers } from "./registers.ts";
import type { Shape } from "./shape.ts";
import { isVector } from "./shape.ts";

export function emitFunction(fn: MachineFunction, context: FunctionContext): FunctionBody {
  return new FunctionEmitter(fn, context).run();
}

type InstOf<Kind extends Inst["kind"]> = Extract<Inst, { readonly kind: Kind }>;

class FunctionEmitter {
  readonly #fn: MachineFunction;
  readonly #context: FunctionContext;
  readonly #m: Module;
  readonly #registers: Registers;
  /** May loops here become functions of their own? */
  #strips: boolean;

  constructor(fn: MachineFunction, context: FunctionContext) {
    this.#fn = fn;
    this.#context = context;
    this.#m = context.m;
    this.#registers = new Registers(fn, context);
    this.#strips = context.strips;
  }

  run(): FunctionBody {
    const body = this.#block(this.#fn.body);
    return { locals: this.#registers.locals, body };
  }

  #block(list: readonly Inst[]): Ref {
    return this.#registers.block(() => {
      for (const inst of list) this.#instruction(inst);
    });
  }

  #instruction(inst: Inst): void {
    const registers = this.#registers;
    const define = (make: () => Ref, local?: Local): void => {
      if ("dst" in inst) registers.define(inst.dst, operands(inst), make, local === undefined ? {} : { local });
    };
    switch (inst.kind) {
      case "const":
      case "dim":
      case "base":
        // Written where it is used.
        return;
      case "apply":
        return define(() => this.#apply(inst));
      case "select":
        return define(() => this.#select(inst));
      case "convert": {
        const [from, to] = [registers.shape(inst.arg), registers.shape(inst.dst)];
        return define(() => convert(this.#m, inst.mode, from, to, registers.value(inst.arg).once()));
      }
      case "splat":
        return define(() => this.#splat(inst));
      case "extract":
        return define(() => this.#extract(inst));
      case "pack":
        return define(() => this.#pack(inst));
      case "ramp":
        return define(() => this.#ramp(inst.start));
      case "get":
        return define(
          () => this.#m.local.get(registers.variable(inst.local), registers.variableType(inst.local)),
          inst.local,
        );
      case "load":
        return this.#load(inst);
      case "store":
        return this.#store(inst);
      case "declare":
        return this.#assign(inst.local, inst.init);
      case "set":
        return this.#assign(inst.local, inst.value);
      case "loop":
        return this.#loop(inst);
      case "if":
        return this.#if(inst);
      default:
        return unreachable(inst);
    }
  }

  // ---- values ----

  #apply(inst: InstOf<"apply">): Ref {
    const shape = this.#registers.shape(known(inst.args[0], "operand"));
    const spelling = known(spellingOf(inst.op, shape), `${inst.op} on ${shape}`);
    const [a, b, c] = inst.args.map((r) => this.#operand(r, shape));
    const first = known(a, "operand");
    return spelling(this.#registers, first, b ?? first, c ?? first);
  }

  /** The amount of a shift may be narrower than what is shifted. */
  #operand(r: Reg, shape: Shape): Value {
    const value = this.#registers.value(r);
    const own = this.#registers.shape(r);
    if ((shape !== "i64" && shape !== "u64") || (own !== "i32" && own !== "u32")) return value;
    const extended = (ref: Ref): Ref => this.#m.i64.extend_u(ref);
    return { ...value, once: () => extended(value.once()), many: () => extended(value.many()) };
  }

  #select(inst: InstOf<"select">): Ref {
    const extreme = this.#extreme(inst);
    if (extreme !== null) return extreme;
    const [cond, yes, no] = [inst.cond, inst.yes, inst.no].map((r) => this.#registers.value(r).once());
    const [c, y, n] = [known(cond, "condition"), known(yes, "value"), known(no, "value")];
    return isVector(this.#registers.shape(inst.cond)) ? this.#m.v128.bitselect(y, n, c) : this.#m.select(c, y, n);
  }

  /** `p < q ? q : p` and `p < q ? p : q` of f32 vectors are one instruction each, NaN included. */
  #extreme(inst: InstOf<"select">): Ref | null {
    const registers = this.#registers;
    const test = registers.waitingDefinition(inst.cond);
    if (test?.kind !== "apply" || test.op !== "lt") return null;
    const [p, q] = test.args;
    if (p === undefined || q === undefined || registers.shape(p) !== "f32x4") return null;
    const larger = inst.yes === q && inst.no === p;
    if (!larger && !(inst.yes === p && inst.no === q)) return null;
    registers.drop(inst.cond);
    const [a, b] = [registers.value(p).many(), registers.value(q).many()];
    return larger ? this.#m.f32x4.pmax(a, b) : this.#m.f32x4.pmin(b, a);
  }

  #splat(inst: InstOf<"splat">): Ref {
    const { f32x4, i32x4 } = this.#m;
    const value = this.#registers.value(inst.arg).once();
    if (this.#registers.isWidened(inst.arg)) return value;
    const shape = this.#registers.shape(inst.dst);
    if (shape === "f32x4") return f32x4.splat(value);
    return i32x4.splat(shape === "boolx4" ? this.#maskOf(value) : value);
  }

  /** All bits of the lane from a bool. */
  #maskOf(bool: Ref): Ref {
    return this.#m.i32.sub(this.#m.i32.const(0), bool);
  }

  #extract(inst: InstOf<"extract">): Ref {
    const { f32x4, i32x4, i32 } = this.#m;
    const shape = this.#registers.shape(inst.arg);
    const vector = this.#registers.value(inst.arg).once();
    if (shape === "f32x4") return f32x4.extract_lane(vector, inst.lane);
    const lane = i32x4.extract_lane(vector, inst.lane);
    return shape === "boolx4" ? i32.and(lane, i32.const(1)) : lane;
  }

  #pack(inst: InstOf<"pack">): Ref {
    const { f32x4, i32x4 } = this.#m;
    const shape = this.#registers.shape(inst.dst);
    const scalars = inst.args.map((r) => this.#registers.value(r).once());
    const lanes = shape === "boolx4" ? scalars.map((s) => this.#maskOf(s)) : scalars;
    const family = shape === "f32x4" ? f32x4 : i32x4;
    const start = family.splat(known(lanes[0], "lane"));
    return lanes.slice(1).reduce((v, x, n) => family.replace_lane(v, n + 1, x), start);
  }

  #ramp(start: Reg): Ref {
    const { v128, i32x4 } = this.#m;
    const numbers = (from: number): Ref =>
      v128.const(new Uint8Array(Int32Array.of(from, from + 1, from + 2, from + 3).buffer));
    const value = this.#registers.value(start);
    if (typeof value.constant === "number") return numbers(value.constant);
    return i32x4.add(i32x4.splat(value.once()), numbers(0));
  }

  // ---- memory and variables ----

  #placeOf(place: MachinePlace): Place {
    const [index, ...more] = place.index;
    invariant(index !== undefined && more.length === 0, "an access has one address");
    const { dtype } = known(this.#context.buffers.get(place.buffer), "the buffer of an access");
    const { when } = place;
    return {
      dtype,
      address: this.#registers.value(index),
      offset: place.offset,
      gather: place.shape === "gather",
      active: place.active === null ? null : this.#registers.value(place.active),
      when:
        when === null ? null : { value: this.#registers.value(when), perLane: isVector(this.#registers.shape(when)) },
    };
  }

  #load(inst: InstOf<"load">): void {
    const registers = this.#registers;
    const { dst, place } = inst;
    const { dtype } = known(this.#context.buffers.get(place.buffer), "the buffer of a load");
    const user = registers.onlyUse(dst);
    const splats = user?.kind === "splat" && elementRow(dtype).bytes === 4;
    if (splats) registers.widen(dst, registers.shape(user.dst));
    const load = splats ? loadSplat : isVector(registers.shape(dst)) ? loadVector : loadScalar;
    registers.define(dst, operands(inst), () => load(registers, this.#placeOf(place)), { buffer: place.buffer });
  }

  #store(inst: InstOf<"store">): void {
    const store = isVector(this.#registers.shape(inst.value)) ? storeVector : storeScalar;
    const statement = store(this.#registers, this.#placeOf(inst.place), this.#registers.value(inst.value));
    this.#registers.beforeStore(inst.place.buffer);
    this.#registers.emit(statement);
  }

  #assign(local: Local, value: Reg): void {
    const ref = this.#registers.value(value).once();
    const variable = this.#registers.beforeSet(local);
    this.#registers.emit(this.#m.local.set(variable, ref));
  }

  // ---- control ----

  #loop(inst: InstOf<"loop">): void {
    const { m, registers } = { m: this.#m, registers: this.#registers };
    const few = this.#strips && runsFewTimes(inst, registers);
    if (this.#strips && !few && emitStrips(inst, this.#fn, registers, this.#context)) return;
    const [lo, hi] = [registers.value(inst.lo), registers.value(inst.hi)];
    const runs = typeof lo.constant === "number" && typeof hi.constant === "number" ? lo.constant < hi.constant : null;
    const start = lo.once();
    hi.many();
    registers.beforeBlock();
    const variable = registers.startVariable(inst.variable, start);
    const current = (): Ref => m.local.get(variable, this.#context.b.i32);
    const again = (): Ref => m.i32.lt_s(current(), hi.many());
    const label = this.#context.freshLabel();
    const outer = this.#strips;
    this.#strips = few;
    const body = this.#block(inst.body);
    this.#strips = outer;
    const next = m.local.set(variable, m.i32.add(current(), m.i32.const(inst.step)));
    const loop = m.loop(label, m.block(null, [body, next, m.br_if(label, again())]));
    registers.emit(runs === true ? loop : m.if(again(), loop));
  }

  #if(inst: InstOf<"if">): void {
    const cond = this.#registers.value(inst.cond).once();
    this.#registers.beforeBlock();
    const then = this.#block(inst.then);
    const otherwise = inst.otherwise.length === 0 ? undefined : this.#block(inst.otherwise);
    this.#registers.emit(this.#m.if(cond, then, otherwise));
  }
}

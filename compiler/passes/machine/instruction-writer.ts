/**
 * Writing integer arithmetic into a block under construction: used by the passes that compute addresses. Constants are
 * folded on the way, so that strides known at compile time cost nothing.
 */
import type { Inst, MachineType, Reg } from "../../ir/machine.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { known } from "../../support/invariant.ts";

/** An i32 that may be known: so far only a number, or in a register. */
export type Term = { readonly kind: "number"; readonly value: number } | { readonly kind: "reg"; readonly reg: Reg };

export const number = (value: number): Term => ({ kind: "number", value });
export const inRegister = (reg: Reg): Term => ({ kind: "reg", reg });

export class InstructionWriter {
  readonly #types: MachineType[];
  readonly out: Inst[];

  /** Appends to `out`; new registers get their types in `types`. */
  constructor(types: MachineType[], out: Inst[]) {
    this.#types = types;
    this.out = out;
  }

  register(type: MachineType): Reg {
    return this.#types.push(type) - 1;
  }

  /** The term in a register, splatted if `lanes` asks for a vector. */
  materialise(t: Term, lanes: 1 | 2 | 4 = 1): Reg {
    const scalar = t.kind === "reg" ? t.reg : this.#constant(t.value);
    const has = known(this.#types[scalar], "type").lanes;
    if (has === lanes) return scalar;
    const dst = this.register({ elem: "i32", lanes });
    this.out.push({ kind: "splat", dst, arg: scalar });
    return dst;
  }

  add(a: Term, b: Term): Term {
    if (a.kind === "number" && b.kind === "number") return number(a.value + b.value);
    if (a.kind === "number" && a.value === 0) return b;
    if (b.kind === "number" && b.value === 0) return a;
    return this.#apply("add", a, b);
  }

  mul(a: Term, b: Term): Term {
    if (a.kind === "number" && b.kind === "number") return number(a.value * b.value);
    if (a.kind === "number") return this.#scaled(b, a.value);
    return b.kind === "number" ? this.#scaled(a, b.value) : this.#apply("mul", a, b);
  }

  #scaled(t: Term, by: number): Term {
    if (by === 0) return number(0);
    if (by === 1) return t;
    const shift = Math.log2(by);
    return Number.isInteger(shift) ? this.#apply("shl", t, number(shift)) : this.#apply("mul", t, number(by));
  }

  #apply(op: CoreOp, a: Term, b: Term): Term {
    const lanesOf = (t: Term): 1 | 2 | 4 => (t.kind === "reg" ? known(this.#types[t.reg], "type").lanes : 1);
    const lanes = lanesOf(a) > lanesOf(b) ? lanesOf(a) : lanesOf(b);
    const args = [this.materialise(a, lanes), this.materialise(b, lanes)];
    const dst = this.register({ elem: "i32", lanes });
    this.out.push({ kind: "apply", dst, op, args });
    return inRegister(dst);
  }

  #constant(value: number): Reg {
    const dst = this.register({ elem: "i32", lanes: 1 });
    this.out.push({ kind: "const", dst, value });
    return dst;
  }
}

/** Machine functions (L3) for tests, instruction by instruction. */
import type { DType } from "../../compiler/ir/dtype.ts";
import { index } from "../../compiler/ir/expr.ts";
import type {
  Elem,
  Inst,
  Lifetime,
  MachineBuffer,
  MachineFunction,
  MachineType,
  Place,
  Reg,
} from "../../compiler/ir/machine.ts";
import type { CoreOp } from "../../compiler/ir/ops.ts";

/** A function under construction: each call emits one instruction and returns its register. */
export class Code {
  readonly types: MachineType[] = [];
  readonly locals: MachineType[] = [];
  readonly body: Inst[] = [];

  reg(elem: Elem, lanes: 1 | 2 | 4 = 1): Reg {
    return this.types.push({ elem, lanes }) - 1;
  }

  const(value: number | bigint | boolean, elem: Elem = "i32"): Reg {
    const dst = this.reg(elem);
    this.body.push({ kind: "const", dst, value });
    return dst;
  }

  dim(name: string): Reg {
    const dst = this.reg("i32");
    this.body.push({ kind: "dim", dst, dim: name });
    return dst;
  }

  apply(op: CoreOp, type: MachineType, ...args: readonly Reg[]): Reg {
    const dst = this.reg(type.elem, type.lanes);
    this.body.push({ kind: "apply", dst, op, args });
    return dst;
  }

  load(type: MachineType, at: Place): Reg {
    const dst = this.reg(type.elem, type.lanes);
    this.body.push({ kind: "load", dst, place: at });
    return dst;
  }

  store(value: Reg, at: Place): void {
    this.body.push({ kind: "store", value, place: at });
  }

  splat(arg: Reg): Reg {
    const dst = this.reg(this.types[arg]?.elem ?? "i32", 4);
    this.body.push({ kind: "splat", dst, arg });
    return dst;
  }

  ramp(start: Reg): Reg {
    const dst = this.reg("i32", 4);
    this.body.push({ kind: "ramp", dst, start });
    return dst;
  }

  /** The instructions that `make` emits, taken out of the body. */
  block(make: () => void): readonly Inst[] {
    const from = this.body.length;
    make();
    return this.body.splice(from);
  }

  loop(hi: Reg, step: number, make: (v: Reg) => void, parallel = false): void {
    const [lo, v] = [this.const(0), this.reg("i32")];
    const body = this.block(() => make(v));
    this.body.push({ kind: "loop", variable: v, lo, hi, step, parallel, body, label: "l" });
  }

  finish(grid: MachineFunction["grid"] = null): MachineFunction {
    return { name: "nest0", types: this.types, locals: this.locals, body: this.body, grid, ownsElement: false };
  }
}

export const f32x4 = { elem: "f32", lanes: 4 } as const;
export const f32x1 = { elem: "f32", lanes: 1 } as const;
export const i32x1 = { elem: "i32", lanes: 1 } as const;
export const i32x4 = { elem: "i32", lanes: 4 } as const;
export const bool1 = { elem: "bool", lanes: 1 } as const;
export const bool4 = { elem: "bool", lanes: 4 } as const;

export function place(buffer: string, shape: Place["shape"], at: readonly Reg[], more: Partial<Place> = {}): Place {
  return { buffer, index: at, offset: 0, shape, active: null, when: null, ...more };
}

export function bufferOf(
  id: string,
  dtype: DType,
  extents: readonly number[],
  space: MachineBuffer["space"],
  lifetime: Lifetime | null = null,
) {
  return { id, name: id, dtype, space, extent: extents.map((n) => index(n)), lifetime };
}

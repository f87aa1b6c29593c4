/**
 * Building one machine function: registers with their types, nested blocks, constants and dims kept once at the entry.
 * Everything is emitted in order; common subexpressions and invariant motion are later passes.
 */
import type { Elem, Inst, Local, MachineFunction, MachineType, Reg } from "../../ir/machine.ts";
import type { Expr } from "../../ir/expr.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { OPS } from "../../ir/ops.ts";
import { known } from "../../support/invariant.ts";

export type ConstantValue = number | bigint | boolean;

/** Instructions that define a register, without it: the builder assigns it. */
type Distribute<T> = T extends { readonly dst: Reg } ? Omit<T, "dst"> : never;
export type Definition = Distribute<Inst>;

export class FunctionBuilder {
  readonly #types: MachineType[] = [];
  readonly #locals: MachineType[] = [];
  readonly #entry: Inst[] = [];
  readonly #blocks: Inst[][] = [[]];
  readonly #constants = new Map<string, Reg>();
  readonly #constantOf = new Map<Reg, ConstantValue>();
  readonly #dims = new Map<string, Reg>();

  typeOf(r: Reg): MachineType {
    return known(this.#types[r], `the type of register ${r}`);
  }

  lanesOf(r: Reg): 1 | 2 | 4 {
    return this.typeOf(r).lanes;
  }

  /** The value of a register that holds a scalar constant. */
  constantOf(r: Reg): ConstantValue | undefined {
    return this.#constantOf.get(r);
  }

  register(type: MachineType): Reg {
    return this.#types.push(type) - 1;
  }

  /** Emits a definition of a new register. */
  define(type: MachineType, inst: Definition): Reg {
    const dst = this.register(type);
    this.emit({ ...inst, dst });
    return dst;
  }

  emit(inst: Inst): void {
    known(this.#blocks.at(-1), "an open block").push(inst);
  }

  /** A scalar constant; made once, at the entry. */
  constant(elem: Elem, value: ConstantValue): Reg {
    const key = `${elem}:${Object.is(value, -0) ? "-0" : String(value)}`;
    const old = this.#constants.get(key);
    if (old !== undefined) return old;
    const dst = this.register({ elem, lanes: 1 });
    this.#entry.push({ kind: "const", dst, value });
    this.#constants.set(key, dst);
    this.#constantOf.set(dst, value);
    return dst;
  }

  /** A run-time parameter, i32; read once, at the entry. */
  dim(id: string): Reg {
    const old = this.#dims.get(id);
    if (old !== undefined) return old;
    const dst = this.register({ elem: "i32", lanes: 1 });
    this.#entry.push({ kind: "dim", dst, dim: id });
    this.#dims.set(id, dst);
    return dst;
  }

  /** Applies a core operation; scalar operands beside vectors are splatted. */
  apply(op: CoreOp, ...args: readonly Reg[]): Reg {
    const lanes = this.#widest(args);
    const operands = args.map((a) => this.widen(a, lanes));
    const first = known(operands[0], "operand");
    const elem: Elem = OPS[op].result === "bool" ? "bool" : this.typeOf(first).elem;
    return this.define({ elem, lanes }, { kind: "apply", op, args: operands });
  }

  select(cond: Reg, yes: Reg, no: Reg): Reg {
    const lanes = this.#widest([cond, yes, no]);
    const [y, n] = [this.widen(yes, lanes), this.widen(no, lanes)];
    return this.define({ elem: this.typeOf(y).elem, lanes }, { kind: "select", cond, yes: y, no: n });
  }

  /** The register in `lanes` lanes. */
  widen(r: Reg, lanes: 1 | 2 | 4): Reg {
    const type = this.typeOf(r);
    return type.lanes === lanes ? r : this.define({ elem: type.elem, lanes }, { kind: "splat", arg: r });
  }

  /** One lane as a scalar; a scalar is its own lane. */
  lane(r: Reg, lane: number): Reg {
    const type = this.typeOf(r);
    if (type.lanes === 1) return r;
    return this.define({ elem: type.elem, lanes: 1 }, { kind: "extract", arg: r, lane });
  }

  local(type: MachineType, init: Reg): Local {
    const local = this.#locals.push(type) - 1;
    this.emit({ kind: "declare", local, init });
    return local;
  }

  /** The instructions that `make` emits, as a block of their own. */
  block(make: () => void): readonly Inst[] {
    const block: Inst[] = [];
    this.#blocks.push(block);
    make();
    this.#blocks.pop();
    return block;
  }

  finish(name: string, grid: readonly Expr[] | null, ownsElement: boolean): MachineFunction {
    const body = [...this.#entry, ...known(this.#blocks[0], "the body")];
    return { name, types: this.#types, locals: this.#locals, body, grid, ownsElement };
  }

  #widest(list: readonly Reg[]): 1 | 2 | 4 {
    return list.reduce<1 | 2 | 4>((most, r) => (this.lanesOf(r) > most ? this.lanesOf(r) : most), 1);
  }
}

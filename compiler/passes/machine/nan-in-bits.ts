/**
 * For targets that may assume floats finite (WGSL): what depends on a NaN is decided on its bits, as an integer, since such
 * a target may compute `x != x` as false and give either operand of a maximum. `max` and `min` of floats keep a NaN operand
 * by a test of its bits, unless it cannot be one; `x != x` becomes that test; other `a != b` become `!(a == b)`, because
 * all such targets have comparisons that are false on NaN, but not all have one that is true.
 */
import type { Inst, MachineFunction, MachineType, Reg } from "../../ir/machine.ts";
import type { CoreOp } from "../../ir/ops.ts";
import { defined, mapBlocks } from "../../ir/walk-machine.ts";
import { invariant, known } from "../../support/invariant.ts";

type Apply = Extract<Inst, { kind: "apply" }>;
type ConstantValue = Extract<Inst, { kind: "const" }>["value"];

/** Sign cleared, a NaN is above these bits of an infinity. */
const INFINITY_BITS = 0x7f800000;
const MAGNITUDE = 0x7fffffff;

const KEEP_CLASS: readonly CoreOp[] = ["neg", "abs", "floor", "ceil", "trunc", "round", "max", "min"];

export function decideNaNInBits(fn: MachineFunction): MachineFunction {
  const types: MachineType[] = [...fn.types];
  const definitions = new Map<Reg, Inst>();
  const answers = new Map<Reg, boolean>();
  return { ...fn, body: block(fn.body), types };

  function block(list: readonly Inst[]): readonly Inst[] {
    return list.flatMap((inst): readonly Inst[] => {
      const dst = defined(inst);
      if (dst !== null) definitions.set(dst, inst);
      return inst.kind === "apply" ? rewrite(inst) : [mapBlocks(inst, block)];
    });
  }

  function rewrite(inst: Apply): readonly Inst[] {
    const a = known(inst.args[0], "operand");
    const b = inst.args[1] ?? a;
    if (!isFloat(a)) return [inst];
    if (inst.op === "max" || inst.op === "min") return keepNaN(inst, a, b);
    if (inst.op === "ne") return a === b ? isNaN(a, inst.dst) : notOf("eq", inst);
    return inst.op === "eq" && a === b ? notNaN(a, inst.dst) : [inst];
  }

  function isFloat(r: Reg): boolean {
    const { elem } = known(types[r], "type");
    invariant(elem !== "f64", "a target that assumes finite floats has no f64");
    return elem === "f32";
  }

  /** The extreme of numbers, or the operand that is a NaN. */
  function keepNaN(inst: Apply, a: Reg, b: Reg): readonly Inst[] {
    const suspects = [...new Set([a, b])].filter((r) => mayBeNaN(r));
    if (suspects.length === 0) return [inst];
    const out: Inst[] = [];
    let result = register(inst.dst, "f32");
    out.push({ ...inst, dst: result });
    for (const [n, r] of suspects.entries()) {
      const cond = register(r, "bool");
      const dst = n === suspects.length - 1 ? inst.dst : register(inst.dst, "f32");
      out.push(...isNaN(r, cond), { kind: "select", dst, cond, yes: r, no: result });
      result = dst;
    }
    return out;
  }

  function isNaN(r: Reg, dst: Reg): readonly Inst[] {
    const [bits, magnitude] = [register(r, "i32"), register(r, "i32")];
    const [mask, infinity] = [constant(MAGNITUDE, r), constant(INFINITY_BITS, r)];
    return [
      ...mask.code,
      ...infinity.code,
      { kind: "convert", dst: bits, mode: "bits", arg: r },
      { kind: "apply", dst: magnitude, op: "bit_and", args: [bits, mask.reg] },
      { kind: "apply", dst, op: "lt", args: [infinity.reg, magnitude] },
    ];
  }

  function notNaN(r: Reg, dst: Reg): readonly Inst[] {
    const nan = register(r, "bool");
    return [...isNaN(r, nan), { kind: "apply", dst, op: "not", args: [nan] }];
  }

  function notOf(op: CoreOp, inst: Apply): readonly Inst[] {
    const opposite = register(inst.dst, "bool");
    return [
      { ...inst, dst: opposite, op },
      { kind: "apply", dst: inst.dst, op: "not", args: [opposite] },
    ];
  }

  /** A number in as many lanes as `like` has. */
  function constant(value: number, like: Reg): { readonly reg: Reg; readonly code: readonly Inst[] } {
    const { lanes } = known(types[like], "type");
    const scalar = types.push({ elem: "i32", lanes: 1 }) - 1;
    const make: Inst = { kind: "const", dst: scalar, value };
    if (lanes === 1) return { reg: scalar, code: [make] };
    const reg = register(like, "i32");
    return { reg, code: [make, { kind: "splat", dst: reg, arg: scalar }] };
  }

  function register(like: Reg, elem: MachineType["elem"]): Reg {
    return types.push({ elem, lanes: known(types[like], "type").lanes }) - 1;
  }

  /** False only where what the register holds was made from numbers by operations that give numbers. */
  function mayBeNaN(r: Reg): boolean {
    const answer = answers.get(r) ?? findNaN(r);
    answers.set(r, answer);
    return answer;
  }

  function findNaN(r: Reg): boolean {
    const inst = definitions.get(r);
    if (inst === undefined) return true;
    if (inst.kind === "const") return isNotANumber(inst.value);
    if (inst.kind === "convert") return inst.mode === "bits";
    if (inst.kind === "splat") return mayBeNaN(inst.arg);
    if (inst.kind === "select") return mayBeNaN(inst.yes) || mayBeNaN(inst.no);
    return inst.kind !== "apply" || !KEEP_CLASS.includes(inst.op) || inst.args.some((a) => mayBeNaN(a));
  }
}

function isNotANumber(value: ConstantValue): boolean {
  return typeof value === "number" && Number.isNaN(value);
}

/**
 * For targets that may assume floats finite (WGSL): what depends on a NaN is decided on its bits, as an integer, since such
 * a target may compute `x != x` as false and give either operand of a maximum. `max` and `min` of floats keep a NaN operand
 * by a test of its bits, unless it cannot be one; `x != x` becomes that test; other `a != b` become `!(a == b)`, because
 * all such targets have comparisons that are false on NaN, but not all have one that is true. Such a target may also take
 * `x * 0.0`, `0.0 / x` and `x / inf` for 0, and the sign of a zero in `x + 0.0` for anything: these are decided on bits, too.
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
const SIGN = -0x80000000;
const NAN_BITS = 0x7fc00000;

/** Operations that such a target simplifies where an operand is a constant. */
const ZERO_SENSITIVE: readonly CoreOp[] = ["mul", "divide", "add", "sub"];

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
    if (ZERO_SENSITIVE.includes(inst.op)) return decideZero(inst, a, b) ?? [inst];
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

  /** What a product, quotient or sum with a constant gives that a target may drop; null for any other. */
  function decideZero(inst: Apply, a: Reg, b: Reg): readonly Inst[] | null {
    const [left, right] = [numberIn(a), numberIn(b)];
    if (inst.op === "add") {
      if (Object.is(right, 0)) return withoutZeros(inst.dst, a, false);
      return Object.is(left, 0) ? withoutZeros(inst.dst, b, false) : null;
    }
    if (inst.op === "sub") {
      if (Object.is(right, -0)) return withoutZeros(inst.dst, a, false);
      return Object.is(left, 0) ? withoutZeros(inst.dst, b, true) : null;
    }
    if (inst.op === "divide") {
      if (left === 0) return zeroSigned(inst.dst, b, { negative: Object.is(left, -0), ofZero: false });
      const isInfinite = right === Infinity || right === -Infinity;
      return isInfinite ? zeroSigned(inst.dst, a, { negative: right < 0, ofZero: true }) : null;
    }
    if (right === 0) return zeroSigned(inst.dst, a, { negative: Object.is(right, -0), ofZero: true });
    return left === 0 ? zeroSigned(inst.dst, b, { negative: Object.is(left, -0), ofZero: true }) : null;
  }

  /** The constant that the register holds, in every lane. */
  function numberIn(r: Reg): number | null {
    const inst = definitions.get(r);
    if (inst?.kind === "splat") return numberIn(inst.arg);
    return inst?.kind === "const" && typeof inst.value === "number" ? inst.value : null;
  }

  /**
   * A zero with the sign of `x` (or the opposite), a NaN where `x` is one or lies at the other end: `ofZero`, the zeros of
   * products with a zero, whose other end is infinite; else those of quotients of a zero, whose other end is zero.
   */
  function zeroSigned(
    dst: Reg,
    x: Reg,
    { negative, ofZero }: { readonly negative: boolean; readonly ofZero: boolean },
  ): readonly Inst[] {
    const [bits, magnitude, sign, chosen] = [
      register(x, "i32"),
      register(x, "i32"),
      register(x, "i32"),
      register(x, "i32"),
    ];
    const [mask, top, nan] = [constant(MAGNITUDE, x), constant(SIGN, x), constant(NAN_BITS, x)];
    const [infinity, zero] = [constant(INFINITY_BITS, x), constant(0, x)];
    const [isBelow, isAbove, isFine] = [register(x, "bool"), register(x, "bool"), register(x, "bool")];
    const turned = register(x, "i32");
    return [
      ...[mask, top, nan, infinity, zero].flatMap((c) => c.code),
      { kind: "convert", dst: bits, mode: "bits", arg: x },
      { kind: "apply", dst: magnitude, op: "bit_and", args: [bits, mask.reg] },
      { kind: "apply", dst: turned, op: "bit_xor", args: [bits, negative ? top.reg : zero.reg] },
      { kind: "apply", dst: sign, op: "bit_and", args: [turned, top.reg] },
      { kind: "apply", dst: isBelow, op: ofZero ? "lt" : "le", args: [magnitude, infinity.reg] },
      { kind: "apply", dst: isAbove, op: ofZero ? "le" : "lt", args: [zero.reg, magnitude] },
      { kind: "apply", dst: isFine, op: "and", args: [isBelow, isAbove] },
      { kind: "select", dst: chosen, cond: isFine, yes: sign, no: nan.reg },
      { kind: "convert", dst, mode: "bits", arg: chosen },
    ];
  }

  /** `x + 0.0`, or `0.0 - x`: of a zero of either sign the positive one. */
  function withoutZeros(dst: Reg, x: Reg, negated: boolean): readonly Inst[] {
    const [bits, magnitude] = [register(x, "i32"), register(x, "i32")];
    const [turned, chosen] = [register(x, "i32"), register(x, "i32")];
    const [mask, zero, flip] = [constant(MAGNITUDE, x), constant(0, x), constant(negated ? SIGN : 0, x)];
    const isZero = register(x, "bool");
    return [
      ...[mask, zero, flip].flatMap((c) => c.code),
      { kind: "convert", dst: bits, mode: "bits", arg: x },
      { kind: "apply", dst: magnitude, op: "bit_and", args: [bits, mask.reg] },
      { kind: "apply", dst: turned, op: "bit_xor", args: [bits, flip.reg] },
      { kind: "apply", dst: isZero, op: "eq", args: [magnitude, zero.reg] },
      { kind: "select", dst: chosen, cond: isZero, yes: zero.reg, no: turned },
      { kind: "convert", dst, mode: "bits", arg: chosen },
    ];
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

/** compiler/ir/interpret-machine.ts: lanes, poison, predicates, addressing, grids, and violations. */
import { describe, expect, test } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import { variable } from "../../compiler/ir/expr.ts";
import { interpretMachine } from "../../compiler/ir/interpret-machine.ts";
import type {
  Addressing,
  Elem,
  MachineBuffer,
  MachineFunction,
  MachineProgram,
  Reg,
} from "../../compiler/ir/machine.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { bool1, bool4, bufferOf, Code, f32x1, f32x4, i32x1, i32x4, place } from "../support/machine-code.ts";
import { array } from "../support/nd-array.ts";

const N = variable("index", "N", "N");

function run(
  code: Code | readonly Code[],
  buffers: readonly MachineBuffer[],
  inputs: Readonly<Record<string, NDArray>> = {},
  options: { readonly addressing?: Addressing; readonly grid?: MachineFunction["grid"]; readonly n?: number } = {},
) {
  const program: MachineProgram = {
    kernel: "k",
    addressing: options.addressing ?? "subscripts",
    dims: [N],
    buffers,
    functions: [code].flat().map((launch) => launch.finish(options.grid ?? null)),
  };
  const outputs = interpretMachine(program, new Map(Object.entries(inputs)), new Map([["N", BigInt(options.n ?? 0)]]));
  return [...outputs.values()][0]?.data;
}

const X5 = bufferOf("X", "f32", [5], "input");
const Y5 = bufferOf("Y", "f32", [5], "output");
const x5 = array("f32", [1, 2, 3, 4, 5]);

/** Y = X * X, four at a time, the last vector with idle lanes. */
function squares(code: Code, addressing: Addressing): void {
  const four = code.const(4);
  const stride = addressing === "bytes" ? 4 : 1;
  const at = (buffer: string, i: Reg): Reg => {
    if (addressing !== "bytes") return i;
    const base = code.reg("i32");
    code.body.push({ kind: "base", dst: base, buffer });
    return code.apply("add", i32x1, base, code.apply("mul", i32x1, i, code.const(stride)));
  };
  code.loop(code.const(5), 4, (i) => {
    const active = code.apply("min", i32x1, four, code.apply("sub", i32x1, code.const(5), i));
    const x = code.load(f32x4, place("X", "contiguous", [at("X", i)], { active }));
    code.store(code.apply("mul", f32x4, x, x), place("Y", "contiguous", [at("Y", i)], { active }));
  });
}

/** X of one dtype, through a register, to Y of another. */
function passThrough(dtype: DType, elem: Elem, value: number | boolean, out: DType) {
  const code = new Code();
  code.store(code.load({ elem, lanes: 1 }, place("X", "scalar", [])), place("Y", "scalar", []));
  return run(code, [bufferOf("X", dtype, [], "input"), bufferOf("Y", out, [], "output")], { X: array(dtype, value) });
}

const scalarY = bufferOf("Y", "i32", [], "output");
const scratchS = (first: number, last: number) => bufferOf("S", "i32", [], "scratch", { first, last });

/** Y[i] = how many iterations came before. */
function countIterations(parallel: boolean) {
  const code = new Code();
  const local = code.locals.push(i32x1) - 1;
  code.body.push({ kind: "declare", local, init: code.const(0) });
  const [ten, one] = [code.const(10), code.const(1)];
  const count = (i: Reg): void => {
    const old = code.reg("i32");
    code.body.push({ kind: "get", dst: old, local });
    code.store(old, place("Y", "scalar", [i]));
    code.body.push({ kind: "set", local, value: code.apply("add", i32x1, old, one) });
  };
  code.loop(ten, 1, count, parallel);
  return run(code, [bufferOf("Y", "i32", [10], "output")]);
}

describe("vectors", () => {
  test.each<Addressing>(["subscripts", "linear", "bytes"])("a ragged loop with addressing %s", (addressing) => {
    const code = new Code();
    squares(code, addressing);
    expect(run(code, [X5, Y5], { X: x5 }, { addressing })).toEqual([1, 4, 9, 16, 25]);
  });

  test("gathers, offsets and predicates", () => {
    const code = new Code();
    const lanes = code.ramp(code.const(0));
    const three = code.splat(code.const(3));
    const reversed = code.apply("sub", i32x4, three, lanes);
    const when = code.apply("lt", bool4, lanes, three);
    const x = code.load(f32x4, place("X", "gather", [reversed], { offset: 1, when }));
    code.store(x, place("Y", "contiguous", [code.const(0)]));
    expect(run(code, [X5, bufferOf("Y", "f32", [4], "output")], { X: x5 }, { addressing: "linear" })).toEqual([
      5, 4, 3, 0,
    ]);
  });

  test("f32 rounds after each operation, fma too; integers wrap only where the row says so", () => {
    const code = new Code();
    const tiny = code.const(2 ** -24, "f32");
    const [one, a] = [code.const(1, "f32"), code.const(1 + 2 ** -12, "f32")];
    const sum = code.apply("add", f32x1, code.apply("add", f32x1, one, tiny), tiny);
    const product = code.apply("fma", f32x1, a, a, code.apply("neg", f32x1, code.apply("mul", f32x1, a, a)));
    code.store(code.apply("add", f32x1, sum, product), place("Y", "scalar", []));
    expect(run(code, [bufferOf("Y", "f32", [], "output")])).toEqual([1]);
    const wrapping = new Code();
    const most = wrapping.const(2147483647);
    wrapping.store(wrapping.apply("wrapping_add", i32x1, most, wrapping.const(1)), place("Y", "scalar", []));
    expect(run(wrapping, [bufferOf("Y", "i32", [], "output")])).toEqual([-2147483648]);
  });

  test("locals, pack, extract, select with a scalar condition", () => {
    const code = new Code();
    const zero = code.const(0, "f32");
    const total = code.locals.push(f32x1) - 1;
    code.body.push({ kind: "declare", local: total, init: zero });
    code.loop(code.const(5), 1, (i) => {
      const [old, next] = [code.reg("f32"), code.load(f32x1, place("X", "scalar", [i]))];
      code.body.push({ kind: "get", dst: old, local: total });
      code.body.push({ kind: "set", local: total, value: code.apply("add", f32x1, old, next) });
    });
    const [sum, packed, chosen, lane] = [code.reg("f32"), code.reg("f32", 4), code.reg("f32", 4), code.reg("f32")];
    code.body.push({ kind: "get", dst: sum, local: total });
    code.body.push({ kind: "pack", dst: packed, args: [zero, sum, zero, zero] });
    const no = code.const(false, "bool");
    code.body.push({ kind: "select", dst: chosen, cond: no, yes: code.splat(zero), no: packed });
    code.body.push({ kind: "extract", dst: lane, arg: chosen, lane: 1 });
    code.store(lane, place("Y", "scalar", []));
    expect(run(code, [X5, bufferOf("Y", "f32", [], "output")], { X: x5 })).toEqual([15]);
  });

  test("narrow buffers: integers widen, halves are values in float registers and bits in integer ones, bools are bytes", () => {
    expect(passThrough("u8", "i32", 200, "i32")).toEqual([200]);
    expect(passThrough("i8", "i32", -3, "i8")).toEqual([-3]);
    expect(passThrough("f16", "i32", 1.5, "i32")).toEqual([0x3e00]);
    expect(passThrough("f16", "i32", 1.5, "bf16")).toEqual([0.125]);
    expect(passThrough("f16", "f32", 1.5, "f32")).toEqual([1.5]);
    expect(passThrough("bool", "i32", true, "i32")).toEqual([1]);
    expect(passThrough("bool", "i32", true, "bool")).toEqual([true]);
    expect(() => passThrough("i32", "i32", 200, "i8")).toThrow("200 is stored as i8");
  });
});

test("a grid: every invocation runs once, those beyond it must do nothing", () => {
  const guarded = new Code();
  const id = guarded.dim("invocation");
  const inside = guarded.apply("lt", bool1, id, guarded.dim("N"));
  const body = (code: Code) => () => {
    const x = code.load(f32x1, place("X", "scalar", [id]));
    code.store(code.apply("neg", f32x1, x), place("Y", "scalar", [id]));
  };
  const then = guarded.block(body(guarded));
  guarded.body.push({ kind: "if", cond: inside, then, otherwise: [] });
  expect(run(guarded, [X5, Y5], { X: x5 }, { grid: [N], n: 5 })).toEqual([-1, -2, -3, -4, -5]);
  const bare = new Code();
  bare.dim("invocation");
  body(bare)();
  expect(() => run(bare, [X5, Y5], { X: x5 }, { grid: [N], n: 5 })).toThrow("is not in 0..5");
});

describe("violations are internal errors", () => {
  const done = place("Y", "scalar", []);

  test("accesses outside, per lane", () => {
    const code = new Code();
    code.load(f32x4, place("X", "contiguous", [code.const(2)]));
    expect(() => run(code, [X5], { X: x5 })).toThrow("X, dim 0: 5 is not in 0..5");
    const bytes = new Code();
    const base = bytes.reg("i32");
    bytes.body.push({ kind: "base", dst: base, buffer: "X" });
    bytes.load(f32x1, place("X", "scalar", [base], { offset: 2 }));
    expect(() => run(bytes, [X5], { X: x5 }, { addressing: "bytes" })).toThrow("element 0.5");
  });

  test("idle lanes are poison: they may be computed with, not stored, not branched on, not used as subscripts", () => {
    const code = new Code();
    const active = code.const(2);
    const zero = code.const(0);
    const x = code.load(f32x4, place("X", "contiguous", [zero], { active }));
    const doubled = code.apply("add", f32x4, x, x);
    code.store(doubled, place("Y", "contiguous", [zero], { active }));
    const two = bufferOf("Y", "f32", [2], "output");
    expect(run(code, [X5, two], { X: x5 })).toEqual([2, 4]);
    code.store(doubled, place("Y", "contiguous", [zero]));
    expect(() => run(code, [X5, Y5], { X: x5 })).toThrow("a value stored to Y depends on undefined bits");
  });

  test("an overflow is poison, so it may stand in an untaken branch only", () => {
    const code = new Code();
    const most = code.const(2147483647);
    const over = code.apply("add", i32x1, most, code.const(1));
    const chosen = code.reg("i32");
    code.body.push({ kind: "select", dst: chosen, cond: code.const(true, "bool"), yes: most, no: over });
    code.store(chosen, done);
    expect(run(code, [scalarY])).toEqual([2147483647]);
    code.store(over, done);
    expect(() => run(code, [scalarY])).toThrow("undefined bits");
  });

  test("what traps on hardware throws at once", () => {
    const zero = new Code();
    zero.apply("floor_div", i32x1, zero.const(1), zero.const(0));
    expect(() => run(zero, [])).toThrow("floor_div(1, 0) traps");
    const least = new Code();
    least.apply("floor_div", i32x1, least.const(-2147483648), least.const(-1));
    expect(() => run(least, [])).toThrow("traps");
  });

  test("unwritten memory: scratch, outputs, and scratch after its lifetime", () => {
    const copy = new Code();
    copy.store(copy.load(i32x1, place("S", "scalar", [])), done);
    expect(() => run(copy, [scratchS(0, 0), scalarY])).toThrow("undefined bits");
    expect(() => run(new Code(), [scalarY])).toThrow("element 0 of output Y was never written");
    const first = new Code();
    first.store(first.const(1), place("S", "scalar", []));
    const both = (from: number, to: number) => run([first, copy], [scratchS(from, to), scalarY]);
    expect(both(0, 1)).toEqual([1]);
    expect(() => both(0, 0)).toThrow("undefined bits");
    expect(() => both(1, 1)).toThrow("outside of its lifetime");
  });

  test("a carried value in a parallel loop gives another result", () => {
    expect(countIterations(false)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(countIterations(true)).not.toEqual(countIterations(false));
  });
});

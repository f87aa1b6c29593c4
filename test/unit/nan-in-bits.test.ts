/** Targets that assume finite floats: the pass leaves no decision on a NaN to a float instruction, and keeps every meaning. */
import { describe, expect, it } from "vitest";
import { interpretMachine } from "../../compiler/ir/interpret-machine.ts";
import type { Inst, MachineFunction, MachineProgram } from "../../compiler/ir/machine.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import { visitInstructions } from "../../compiler/ir/walk-machine.ts";
import { decideNaNInBits } from "../../compiler/passes/machine/nan-in-bits.ts";
import { array } from "../support/nd-array.ts";
import { bool1, bufferOf, Code, f32x1, f32x4, place } from "../support/machine-code.ts";

const VALUES = [0, -0, 1, -2.5, Number.NaN, Infinity, -Infinity, 1e-45, 3.4028234663852886e38];
const PAIRS = VALUES.flatMap((a) => VALUES.map((b) => [a, b] as const));

function program(fn: MachineFunction, count: number): MachineProgram {
  const buffers = [
    bufferOf("A", "f32", [count], "input"),
    bufferOf("B", "f32", [count], "input"),
    bufferOf("C", "f32", [count], "output"),
    bufferOf("D", "i32", [count], "output"),
  ];
  return { kernel: "k", addressing: "linear", dims: [], buffers, functions: [fn] };
}

/** C := op(A, B), D := a comparison of the two and of A with itself; four lanes at a time, and one by one. */
function everyDecision(lanes: 1 | 4): MachineFunction {
  const code = new Code();
  const float = lanes === 1 ? f32x1 : f32x4;
  const truth = { elem: "bool", lanes } as const;
  const shape = lanes === 1 ? "scalar" : "contiguous";
  code.loop(code.const(PAIRS.length), lanes, (i) => {
    const [a, b] = [code.load(float, place("A", shape, [i])), code.load(float, place("B", shape, [i]))];
    const extreme = code.apply("max", float, code.apply("min", float, a, b), code.apply("max", float, b, b));
    code.store(extreme, place("C", shape, [i]));
    const differ = code.apply("and", truth, code.apply("ne", truth, a, b), code.apply("ne", truth, a, a));
    const same = code.apply("or", truth, differ, code.apply("eq", truth, b, b));
    const [one, zero] = [code.reg("i32"), code.reg("i32")];
    code.body.push({ kind: "const", dst: one, value: 1 }, { kind: "const", dst: zero, value: 0 });
    const [yes, no] = lanes === 1 ? [one, zero] : [code.splat(one), code.splat(zero)];
    const dst = code.reg("i32", lanes);
    code.body.push({ kind: "select", dst, cond: same, yes, no });
    code.store(dst, place("D", shape, [i]));
  });
  return code.finish();
}

function instructions(fn: MachineFunction): readonly Inst[] {
  const list: Inst[] = [];
  visitInstructions(fn.body, (inst) => list.push(inst));
  return list;
}

const operations = (fn: MachineFunction): readonly string[] =>
  instructions(fn).map((inst) => (inst.kind === "apply" ? inst.op : inst.kind));

describe("decideNaNInBits", () => {
  // Whole vectors: the pairs are cut to a multiple of four.
  for (const lanes of [1, 4] as const) {
    it(`keeps the meaning of max, min, eq and ne in ${lanes} lanes`, () => {
      const count = PAIRS.length - (PAIRS.length % lanes);
      const before = everyDecision(lanes);
      const inputs = new Map([
        [
          "A",
          array(
            "f32",
            PAIRS.slice(0, count).map(([a]) => a),
          ),
        ],
        [
          "B",
          array(
            "f32",
            PAIRS.slice(0, count).map(([, b]) => b),
          ),
        ],
      ]);
      const sized = (fn: MachineFunction): MachineProgram => program(fn, count);
      const cut: MachineFunction = {
        ...before,
        body: before.body.map((i) => (i.kind === "const" && i.value === PAIRS.length ? { ...i, value: count } : i)),
      };
      const after = decideNaNInBits(cut);
      expect(verifyMachine(sized(after))).toEqual([]);
      expect(interpretMachine(sized(after), inputs, new Map())).toEqual(
        interpretMachine(sized(cut), inputs, new Map()),
      );
      expect(operations(after)).not.toContain("ne");
    });
  }

  it("tests only operands that may be NaN", () => {
    const code = new Code();
    const i = code.const(0);
    const a = code.load(f32x1, place("A", "scalar", [i]));
    const zero = code.const(0, "f32");
    const relu = code.apply("max", f32x1, a, zero);
    const whole = code.reg("f32");
    code.body.push({ kind: "convert", dst: whole, mode: "exact", arg: i });
    code.store(code.apply("min", f32x1, whole, zero), place("C", "scalar", [i]));
    code.store(relu, place("C", "scalar", [i]));
    const ops = operations(decideNaNInBits(code.finish()));
    expect(ops.filter((o) => o === "select")).toHaveLength(1);
  });

  it("leaves integers alone", () => {
    const code = new Code();
    const [a, b] = [code.const(1), code.const(2)];
    code.apply("ne", bool1, a, b);
    expect(operations(decideNaNInBits(code.finish()))).toEqual(["const", "const", "ne"]);
  });
});

/**
 * Loads keep their place among stores. Equations assign each element once, so no kernel reads an element before it is written
 * and these passes could move any load; what a schedule may accumulate in memory needs the order, and these programs show it.
 */
import { expect, test } from "vitest";
import { interpretMachine } from "../../compiler/ir/interpret-machine.ts";
import type { MachineFunction, MachineProgram } from "../../compiler/ir/machine.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import { removeDeadCode } from "../../compiler/passes/machine/dead-code.ts";
import { hoistInvariants } from "../../compiler/passes/machine/hoist-invariants.ts";
import { numberValues } from "../../compiler/passes/machine/value-numbering.ts";
import { Code, bufferOf, i32x1, place } from "../support/machine-code.ts";

const at = place("Y", "scalar", []);

function programOf(fn: MachineFunction): MachineProgram {
  const buffers = [bufferOf("Y", "i32", [], "output")];
  return { kernel: "k", addressing: "subscripts", dims: [], buffers, functions: [fn] };
}

function result(fn: MachineFunction): unknown {
  const program = programOf(fn);
  expect(verifyMachine(program)).toEqual([]);
  return interpretMachine(program, new Map(), new Map(), { seed: 1 }).get("Y")?.data;
}

/** Y = 1; five times Y = Y + Y. */
function doubling(): MachineFunction {
  const code = new Code();
  code.store(code.const(1), at);
  code.loop(code.const(5), 1, () => {
    const y = code.load(i32x1, at);
    code.store(code.apply("add", i32x1, y, y), at);
  });
  return code.finish();
}

/** Y = 3; Y = Y + 4; Y = Y * Y, each with a load of its own. */
function steps(): MachineFunction {
  const code = new Code();
  code.store(code.const(3), at);
  code.store(code.apply("add", i32x1, code.load(i32x1, at), code.const(4)), at);
  const [a, b] = [code.load(i32x1, at), code.load(i32x1, at)];
  code.store(code.apply("mul", i32x1, a, b), at);
  return code.finish();
}

const PASSES = { hoistInvariants, numberValues, removeDeadCode } as const;

for (const [name, pass] of Object.entries(PASSES)) {
  test(`${name}: a load in a loop that stores`, () => {
    expect(result(doubling())).toEqual([32]);
    expect(result(pass(doubling()))).toEqual([32]);
  });

  test(`${name}: loads between stores`, () => {
    expect(result(steps())).toEqual([49]);
    expect(result(pass(steps()))).toEqual([49]);
  });
}

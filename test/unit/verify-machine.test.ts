/** compiler/ir/verify-machine.ts: each seeded violation is found, and named. */
import { expect, test } from "vitest";
import { constant, index, variable } from "../../compiler/ir/expr.ts";
import type { Inst, MachineFunction, MachineProgram, MachineType, Place } from "../../compiler/ir/machine.ts";
import { printMachine } from "../../compiler/ir/print-machine.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import { bool1, bool4, bufferOf, Code, f32x1, f32x4, i32x1, place } from "../support/machine-code.ts";

const N = variable("index", "N", "N");

/** Y = sum of the positive X, four at a time; registers are numbered in the order of their lines. */
function sound(): MachineProgram {
  const code = new Code();
  const [zero, four, n] = [code.const(0), code.const(4), code.dim("N")]; // %0 %1 %2
  const none = code.const(0, "f32"); // %3
  const zeros = code.splat(none); // %4
  const local = code.locals.push(f32x4) - 1;
  code.body.push({ kind: "declare", local, init: zeros });
  code.loop(n, 4, (i) => {
    const active = code.apply("min", i32x1, four, code.apply("sub", i32x1, n, i)); // %7 %8
    const x = code.load(f32x4, place("X", "contiguous", [i], { active })); // %9
    const positive = code.apply("lt", bool4, zeros, x); // %10
    const [old, kept] = [code.reg("f32", 4), code.reg("f32", 4)]; // %11 %12
    code.body.push({ kind: "get", dst: old, local });
    code.body.push({ kind: "select", dst: kept, cond: positive, yes: x, no: zeros });
    code.body.push({ kind: "set", local, value: code.apply("add", f32x4, old, kept) }); // %13
  });
  const [sum, lane] = [code.reg("f32", 4), code.reg("f32")]; // %14 %15
  code.body.push({ kind: "get", dst: sum, local });
  code.body.push({ kind: "extract", dst: lane, arg: sum, lane: 0 });
  const some = code.apply("lt", bool1, zero, n); // %16
  const then = code.block(() => code.store(lane, place("Y", "scalar", [])));
  code.body.push({ kind: "if", cond: some, then, otherwise: [] });
  const buffers = [
    bufferOf("X", "f32", [64], "input"),
    bufferOf("Y", "f32", [], "output"),
    bufferOf("S", "i8", [4], "scratch", { first: 0, last: 0 }),
  ];
  return { kernel: "sound", addressing: "subscripts", dims: [N], buffers, functions: [code.finish()] };
}

test("a sound program has no problems, and prints one instruction per line", () => {
  expect(verifyMachine(sound())).toEqual([]);
  expect(printMachine(sound())).toMatchInlineSnapshot(`
    "machine sound(N), addressing subscripts
      input X: f32[64]
      output Y: f32
      scratch S: i8[4], launch 0
    function nest0
      %0:i32 = 0
      %1:i32 = 4
      %2:i32 = dim N
      %3:f32 = 0.0
      %4:f32x4 = splat %3
      declare $0:f32x4 = %4
      %5:i32 = 0
      loop %6 in %5..%2 step 4  // l
        %7:i32 = sub %2, %6
        %8:i32 = min %1, %7
        %9:f32x4 = load X[%6] contiguous, active %8
        %10:boolx4 = lt %4, %9
        %11:f32x4 = get $0
        %12:f32x4 = select %10, %9, %4
        %13:f32x4 = add %11, %12
        set $0 = %13
      %14:f32x4 = get $0
      %15:f32 = extract %14, 0
      %16:bool = lt %0, %2
      if %16
        store %15 to Y[] scalar
    "
  `);
});

function withFunction(p: MachineProgram, change: (fn: MachineFunction) => Partial<MachineFunction>): MachineProgram {
  return { ...p, functions: p.functions.map((fn) => ({ ...fn, ...change(fn) })) };
}

/** Changes every instruction of a kind, in all blocks. */
function rewrite<K extends Inst["kind"]>(
  p: MachineProgram,
  kind: K,
  change: (inst: Extract<Inst, { kind: K }>) => readonly Inst[],
): MachineProgram {
  const isKind = (inst: Inst): inst is Extract<Inst, { kind: K }> => inst.kind === kind;
  const go = (inst: Inst): readonly Inst[] => {
    if (isKind(inst)) return change(inst);
    if (inst.kind === "loop") return [{ ...inst, body: inst.body.flatMap(go) }];
    if (inst.kind === "if") return [{ ...inst, then: inst.then.flatMap(go), otherwise: inst.otherwise.flatMap(go) }];
    return [inst];
  };
  return withFunction(p, (fn) => ({ body: fn.body.flatMap(go) }));
}

const withType = (p: MachineProgram, r: number, type: MachineType): MachineProgram =>
  withFunction(p, (fn) => ({ types: fn.types.with(r, type) }));
const withLoad = (p: MachineProgram, change: Partial<Place>): MachineProgram =>
  rewrite(p, "load", (l) => [{ ...l, place: { ...l.place, ...change } }]);
const append = (p: MachineProgram, ...more: readonly Inst[]): MachineProgram =>
  withFunction(p, (fn) => ({ body: [...fn.body, ...more] }));

const VIOLATIONS: readonly (readonly [string, (p: MachineProgram) => MachineProgram, string])[] = [
  ["a second assignment", (p) => append(p, { kind: "const", dst: 0, value: 1 }), "const %0: %0 is assigned twice"],
  ["a use before the assignment", (p) => rewrite(p, "dim", () => []), "%2 is used before it is assigned"],
  ["a use outside the block", (p) => append(p, { kind: "splat", dst: 4, arg: 9 }), "%9 is used before it is assigned"],
  [
    "a loop's variable outside",
    (p) => append(p, { kind: "ramp", dst: 4, start: 6 }),
    "ramp %4: %6 is used before it is assigned",
  ],
  ["a register without a type", (p) => append(p, { kind: "const", dst: 99, value: 1 }), "%99 has no type"],
  ["a local that is not declared", (p) => rewrite(p, "declare", () => []), "local $0 is not declared"],
  ["a local of another type", (p) => withFunction(p, () => ({ locals: [f32x1] })), "local $0 is f32x1, %4 f32x4"],
  [
    "operands of other lanes",
    (p) => rewrite(p, "splat", (s) => [s, { kind: "apply", dst: 13, op: "add", args: [s.dst, s.arg] }]),
    "an operand %3 is f32x1, not f32x4",
  ],
  ["a result of another type", (p) => withType(p, 16, i32x1), "the result %16 is i32x1, not boolx1"],
  [
    "an operation of floats on integers",
    (p) => rewrite(p, "apply", (a) => [a.op === "sub" ? { ...a, op: "divide" } : a]),
    "divide does not exist for i32",
  ],
  ["an operand missing", (p) => rewrite(p, "apply", (a) => [{ ...a, args: a.args.slice(1) }]), "min of 1 operands"],
  [
    "a condition of other lanes",
    (p) => rewrite(p, "select", (s) => [{ ...s, cond: s.yes }]),
    "the condition %9 is f32x4, not boolx4",
  ],
  ["a constant of another type", (p) => withType(p, 0, { elem: "i64", lanes: 1 }), "const %0: a number for i64"],
  [
    "a constant that is no f32",
    (p) => rewrite(p, "const", (c) => [c.dst === 3 ? { ...c, value: 0.1 } : c]),
    "0.1 is not a value of f32",
  ],
  ["an unknown parameter", (p) => rewrite(p, "dim", (d) => [{ ...d, dim: "Q" }]), "no parameter Q"],
  [
    "an invocation without a grid",
    (p) => rewrite(p, "dim", (d) => [{ ...d, dim: "invocation" }]),
    "no parameter invocation",
  ],
  ["a step of 0", (p) => rewrite(p, "loop", (l) => [{ ...l, step: 0 }]), "a step of 0"],
  [
    "a branch on a vector",
    (p) => rewrite(p, "if", (i) => [{ ...i, cond: 1 }]),
    "the condition %1 is i32x1, not boolx1",
  ],
  ["a subscript too many", (p) => withLoad(p, { index: [0, 0] }), "2 subscripts of X, not 1"],
  ["an offset beside subscripts", (p) => withLoad(p, { offset: 4 }), "an offset of 4"],
  ["a vector of a scalar access", (p) => withLoad(p, { shape: "scalar" }), "a scalar access of 4 lanes"],
  ["a gather from one place", (p) => withLoad(p, { shape: "gather" }), "a gather from one place"],
  ["active lanes of another type", (p) => withLoad(p, { active: 4 }), "the count of active lanes %4 is f32x4"],
  ["a predicate of another type", (p) => withLoad(p, { when: 0 }), "the predicate %0 is i32x1, not boolx1"],
  ["an unknown buffer", (p) => withLoad(p, { buffer: "Q" }), "no buffer Q"],
  ["a register that cannot hold the dtype", (p) => withLoad(p, { buffer: "S" }), "i8 of S in a register of f32"],
  [
    "a store to an input",
    (p) => rewrite(p, "store", (s) => [{ ...s, place: { ...s.place, buffer: "X", index: [0] } }]),
    "a store to input X",
  ],
  [
    "a store with a predicate",
    (p) => rewrite(p, "store", (s) => [{ ...s, place: { ...s.place, when: 16 } }]),
    "a store has no predicate",
  ],
  ["a lane that is not there", (p) => rewrite(p, "extract", (e) => [{ ...e, lane: 4 }]), "lane 4 of f32x4"],
  [
    "a splat of a vector",
    (p) => rewrite(p, "splat", (s) => [s, { ...s, dst: 14, arg: s.dst }]),
    "the operand %4 is f32x4, not f32x1",
  ],
  [
    "a pack of too few",
    (p) => rewrite(p, "extract", (e) => [e, { kind: "pack", dst: 13, args: [e.dst] }]),
    "1 scalars for 4 lanes",
  ],
  [
    "bits of another width",
    (p) =>
      rewrite(p, "extract", (e) => [
        { kind: "convert", dst: e.dst, mode: "bits", arg: 0 },
        { kind: "convert", dst: 16, mode: "bits", arg: 0 },
      ]),
    "the bits of i32 as bool",
  ],
  [
    "a base without addresses",
    (p) => append(p, { kind: "base", dst: 7, buffer: "X" }),
    "a base with addressing subscripts",
  ],
  ["two buffers of one id", (p) => ({ ...p, buffers: [...p.buffers, ...p.buffers] }), "two buffers have one id"],
  [
    "a lifetime of an output",
    (p) => ({ ...p, buffers: p.buffers.map((b) => ({ ...b, lifetime: { first: 0, last: 0 } })) }),
    "output has a lifetime",
  ],
  [
    "an access outside of a lifetime",
    (p) => ({ ...p, buffers: p.buffers.map((b) => ({ ...b, lifetime: { first: 1, last: 2 } })) }),
    "launch 0 touches Y outside of its lifetime",
  ],
  [
    "an extent of another type",
    (p) => ({ ...p, buffers: p.buffers.map((b) => ({ ...b, extent: [constant("i32", 1)] })) }),
    "an extent has type i32",
  ],
  [
    "a grid over unknown dims",
    (p) => withFunction(p, () => ({ grid: [variable("index", "Q", "Q")] })),
    "Q (Q) is not bound",
  ],
];

test.each(VIOLATIONS)("%s", (_name, change, problem) => {
  const problems = verifyMachine(change(sound()));
  expect(
    problems.some((p) => p.includes(problem)),
    problems.join("\n"),
  ).toBe(true);
});

test("byte addresses: one subscript per access, offsets allowed", () => {
  const code = new Code();
  const base = code.reg("i32");
  code.body.push({ kind: "base", dst: base, buffer: "X" });
  code.load(f32x1, place("X", "scalar", [base], { offset: 8 }));
  const buffers = [{ ...bufferOf("X", "f32", [2, 2], "input"), extent: [index(2), index(2)] }];
  const program: MachineProgram = { kernel: "k", addressing: "bytes", dims: [], buffers, functions: [code.finish()] };
  expect(verifyMachine(program)).toEqual([]);
});

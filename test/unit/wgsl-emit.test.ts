/**
 * Every shader that the target prints passes the whole of Dawn's shader compiler, without a driver; and the printing of
 * what is easily wrong is shown.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { add, cast, constant, index } from "../../compiler/ir/expr.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type { Stmt } from "../../compiler/ir/loops.ts";
import type { MachineFunction } from "../../compiler/ir/machine.ts";
import { verifyMachine } from "../../compiler/ir/verify-machine.ts";
import { mapStatements } from "../../compiler/ir/walk-loops.ts";
import { checkTarget } from "../../compiler/passes/check-target.ts";
import { selectMachine } from "../../compiler/passes/select/select.ts";
import { specialise } from "../../compiler/passes/specialise.ts";
import { lowerToMachine } from "../../compiler/pipeline.ts";
import { buildLoops } from "../../compiler/schedule/initial-nest.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { emitWgsl } from "../../targets/wgsl/emit.ts";
import { groupsFor } from "../../targets/wgsl/groups.ts";
import { literal } from "../../targets/wgsl/literals.ts";
import { lackingOperations } from "../../targets/wgsl/operations.ts";
import { wgslTarget } from "../../targets/wgsl/target.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { dimsOf } from "../support/run-kernel.ts";
import { sampleKernels } from "../support/sample-kernels.ts";
import { edgeKernels } from "../support/wgsl-kernels.ts";
import type { Validator } from "../support/wgsl-validate.ts";
import { openValidator } from "../support/wgsl-validate.ts";

let validator: Validator | string = "not opened";

beforeAll(async () => {
  validator = await openValidator();
});

afterAll(() => {
  if (typeof validator !== "string") validator.close();
});

function validate(context: TestContext, code: string): Promise<readonly string[]> {
  return typeof validator === "string" ? context.skip(validator) : validator.validate(code);
}

function emit(kernel: Kernel): string {
  const program = lowerToMachine(kernel, wgslTarget);
  expect(verifyMachine(program)).toEqual([]);
  return emitWgsl(program);
}

function codes(kernel: Kernel): readonly string[] {
  const diagnostics = new Diagnostics();
  checkTarget(kernel, wgslTarget, diagnostics);
  return diagnostics.list.map((d) => d.code);
}

describe("every shader is valid", () => {
  const cases = [
    ...sampleKernels().map(({ name, kernel, sizes }) => ({ name, kernel, size: sizes.at(-1) ?? [] })),
    ...edgeKernels().map(({ name, kernel, dims }) => ({ name, kernel, size: dims })),
  ];
  for (const { name, kernel, size } of cases) {
    test(name, async (context) => {
      const refused = codes(kernel);
      if (refused.length > 0) {
        expect(refused.every((code) => code === "E4001")).toBe(true);
        return;
      }
      expect(await validate(context, emit(kernel))).toEqual([]);
      expect(await validate(context, emit(specialise(kernel, dimsOf(kernel, size))))).toEqual([]);
    });
  }

  test("a mistake is told with its line", async (context) => {
    const errors = await validate(context, "@compute @workgroup_size(1)\nfn nest0() {\n  let x: i32 = 1.5;\n}\n");
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^error 3:16: .*, in: let x: i32 = 1.5;$/);
  });
});

test("a byte per element: an invocation fills a word and stores it once", () => {
  const k = new KernelBuilder("bytes");
  const n = k.dim("N");
  const x = k.param("X", "i32", [n]);
  k.output(k.stage("Y", { i: n }, (i) => cast("u8", "saturate", add(x.at(i), constant("i32", 1)))));
  const lines = emit(k.build())
    .split("\n")
    .map((l) => l.trim());
  const stores = lines.filter((l) => l.startsWith("b1[") || l.startsWith("word1 = insertBits("));
  expect(stores.map((l) => l.replace(/r\d+/, "r"))).toEqual([
    "word1 = insertBits(word1, bitcast<u32>(r), 8u * (own & 3u), 8u);",
    "b1[invocation >> 2u] = word1;",
  ]);
  expect(lines[lines.indexOf("b1[invocation >> 2u] = word1;") - 1]).toBe("if (filled1 && (own & 3u) == 3u) {");
});

/** A stage u8[N, N] whose stores go to the transposed place if `turned`. */
function squareOfBytes(turned: boolean): MachineFunction {
  const k = new KernelBuilder("square");
  const n = k.dim("N");
  const x = k.param("X", "i32", [n, n]);
  k.output(k.stage("Y", { i: n, j: n }, (i, j) => cast("u8", "wrap", x.at(i, j))));
  const program = buildLoops(k.build());
  const turn = (s: Stmt): Stmt => (s.kind === "store" ? { ...s, index: s.index.toReversed() } : mapStatements(s, turn));
  const nests = program.nests.map((nest) => (turned ? { ...nest, body: turn(nest.body) } : nest));
  const [first] = selectMachine({ ...program, nests }, wgslTarget.capabilities).functions;
  return first ?? expect.fail("no function");
}

test("bytes that an invocation does not own are stored by one invocation alone", () => {
  expect(squareOfBytes(false)).toMatchObject({ ownsElement: true, grid: [{}, {}] });
  expect(squareOfBytes(true)).toMatchObject({ ownsElement: false, grid: [] });
});

test("a constant subscript outside a tensor stands behind its predicate, and is no constant expression", async (context) => {
  const k = new KernelBuilder("outside");
  const x = k.param("X", "i8", [3]);
  const pad = { kind: "value", value: constant("i8", 5) } as const;
  k.output(k.stage("Y", {}, () => ({ ...x.at(index(-1)), pad })));
  const code = emit(k.build());
  expect(await validate(context, code)).toEqual([]);
});

test("literals are exact", () => {
  const floats = [1, 0.1, -2.5, 1e21, 3.4028234663852886e38].map((v) => literal("f32", Math.fround(v)));
  expect(floats).toEqual(["1f", "0.10000000149011612f", "-2.5f", "1.0000000200408773e+21f", "3.4028234663852886e+38f"]);
  const bits = [Number.NaN, Infinity, -Infinity, -0, 2 ** -149].map((v) => literal("f32", v));
  expect(bits).toEqual([
    "f32_of(0x7fc00000u)",
    "f32_of(0x7f800000u)",
    "f32_of(0xff800000u)",
    "f32_of(0x80000000u)",
    "f32_of(0x00000001u)",
  ]);
  expect([literal("i32", -2147483648), literal("i32", -1), literal("u32", 4294967295), literal("bool", true)]).toEqual([
    "i32(-2147483648)",
    "-1i",
    "4294967295u",
    "true",
  ]);
});

test("groups past the limit of a dimension go to further rows, and past all rows nowhere", () => {
  const launch = { elements: 1, workgroup: 64 } as const;
  expect(groupsFor(launch, 0, 10)).toEqual([0, 0]);
  expect(groupsFor(launch, 1, 10)).toEqual([1, 1]);
  expect(groupsFor(launch, 640, 10)).toEqual([10, 1]);
  expect(groupsFor(launch, 641, 10)).toEqual([6, 2]);
  expect(groupsFor(launch, 6400, 10)).toEqual([10, 10]);
  expect(groupsFor(launch, 6401, 10)).toBe(null);
  expect(groupsFor({ elements: 4, workgroup: 64 }, 641, 10)).toEqual([3, 1]);
  expect(groupsFor({ elements: 1, workgroup: 1 }, 1, 10)).toEqual([1, 1]);
});

test("what the table has no spelling for is what the capabilities lack", () => {
  expect(lackingOperations()).toEqual([{ op: "doubling_high_multiply", elem: "u32" }]);
});

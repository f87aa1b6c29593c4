/**
 * What does not fit a kernel is refused alike on every target, with a code and before anything runs: arguments that are
 * missing, unknown, of another dtype or rank or size, beyond their range, dims at and past 2^31; and what is of size 0, NaN
 * or infinite is no mistake.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import type { Arguments } from "../../runtime/arguments.ts";
import { close, compile, targets, Tensor } from "../../runtime/node/index.ts";

const PROGRAM = `export kernel pick(x: f32[N], g: i32[M] in 0..N) -> y: f32[M] where N >= 1 { y[i] = x[g[i]] * 2.0; }
export kernel total(x: f32[N]) -> s: f32, z: f32[N] { s = sum[i](x[i]); z[i] = x[i]; }
export kernel far<N: dim>(x: f32) -> y: f32[N] { y[i] = x; }`;

const TARGETS = ["interp", "wasm", "wgsl", "hls"] as const;
const available = new Set<string>();
beforeAll(async () => {
  for (const { name, here } of await targets()) if (here.available) available.add(name);
});
afterAll(close);

const x = Tensor.from([1, Number.NaN, -Infinity]);
const ids = (...values: number[]): Tensor => Tensor.from(values, { dtype: "i32" });

const CALLS: readonly (readonly [what: string, args: Arguments, code: string | null])[] = [
  ["nothing is wrong", { x, g: ids(0, 2) }, null],
  ["one is missing", { x }, "E6201"],
  ["one is not asked for", { x, g: ids(0, 2), h: x }, "E6202"],
  ["a name that objects inherit", { x, g: ids(0, 2), constructor: x }, "E6202"],
  ["another dtype", { x, g: Tensor.from([0, 2]) }, "E6203"],
  ["a wider dtype", { x: Tensor.from([1, 2, 3], { dtype: "f64" }), g: ids(0, 2) }, "E6203"],
  ["another rank", { x: Tensor.zeros([3, 1]), g: ids(0, 2) }, "E6204"],
  ["a number for a tensor", { x: 1, g: ids(0, 2) }, "E6204"],
  ["another size than is said", { x, g: ids(0, 2), N: 4 }, "E6205"],
  ["a size that is refused", { x: Tensor.zeros([0]), g: ids(0, 0), N: 0 }, "E6206"],
  ["one element past the range", { x, g: ids(0, 3) }, "E6207"],
  ["one element below the range", { x, g: ids(-1, 2) }, "E6207"],
  ["half a dim", { x, g: ids(0, 2), N: 2.5 }, "E6202"],
  ["a dim below 0", { x, g: ids(0, 2), M: -1 }, "E6202"],
];

function needs(context: TestContext, target: string): void {
  if (!available.has(target)) context.skip(`no device for ${target}`);
}

const dimsFor = (target: string, dims: Readonly<Record<string, number>>) => (target === "hls" ? { dims } : {});

async function codeOf(call: () => unknown): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (!(error instanceof EinkornError)) throw error;
    return error.diagnostics[0]?.code ?? "none";
  }
}

describe.each(TARGETS)("on %s", (target) => {
  test("arguments that do not fit", async (context) => {
    needs(context, target);
    const { pick } = await compile(PROGRAM, { target, kernels: ["pick"], ...dimsFor(target, { N: 3, M: 2 }) });
    for (const [what, args, code] of CALLS) {
      const found = await codeOf(() => pick?.(args)["y"]?.cpu());
      // Where dims are constants, any other size is another than that.
      const isOther = target === "hls" && (code === "E6206" || "N" in args || "M" in args);
      expect(found, what).toBe(isOther ? "E6205" : code);
    }
  });

  test("sizes of 0 are sizes", async (context) => {
    needs(context, target);
    const { total } = await compile(PROGRAM, { target, kernels: ["total"], ...dimsFor(target, { N: 0 }) });
    const results = total?.({ x: Tensor.zeros([0]) }) ?? {};
    expect((await results["s"]?.cpu())?.toArray()).toBe(0);
    expect((await results["z"]?.cpu())?.shape).toEqual([0]);
  });

  test("dims at 2^31 and past it", async (context) => {
    needs(context, target);
    for (const size of [2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(await codeOf(() => compile(PROGRAM, { target, kernels: ["far"], dims: { N: size } }))).toBe("E6210");
      if (target === "hls") continue;
      const { far } = await compile(PROGRAM, { target, kernels: ["far"] });
      expect(await codeOf(() => far?.({ x: 1, N: size }))).toBe("E6210");
    }
    // A dim that is legal, of a tensor that is too large.
    const compiled = async () => compile(PROGRAM, { target, kernels: ["far"], ...dimsFor(target, { N: 2 ** 31 - 1 }) });
    const found = await codeOf(async () => (await compiled())["far"]?.({ x: 1, N: 2 ** 31 - 1 }));
    // Past what a tensor may be, or what this device can hold.
    expect(["E6210", "E6307"]).toContain(found);
  });
});

/**
 * NaN, infinities and zeros of both signs on every target: what flows through operations, functions, comparisons and
 * reductions is what the reference says, also where a driver or a compiler is tempted to simplify (`x * 0.0`, `x / inf`).
 * Which NaN, and which zero of a maximum of two zeros, is nobody's promise.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "vitest";
import { close, compile, targets, Tensor } from "../../runtime/node/index.ts";

const X = [Number.NaN, Infinity, -Infinity, -0, 0, 1, -1, 2.5, 3e38, -3e38];
const Y = [1, -2, 3, -4, 5, -6, 7, -8, 9, -10];

const EXPRESSIONS = [
  ..."x*0.0 x*-0.0 0.0*x -0.0*x x-x x/x 0.0/x -0.0/x x/0.0 x+0.0 0.0+x x-0.0 0.0-x -0.0-x x--0.0 -x x+-x x*1.0 x*x".split(
    " ",
  ),
  ..."x*inf x/inf x/-inf inf/x x+inf inf-x x-inf (x+inf)-inf y*0.0+x x*(y-y) x*(1.0-1.0) exp(x)*0.0 1.0/(1.0/x)".split(
    " ",
  ),
  ..."abs(x) sqrt(x) exp(x) log(x) tanh(x) sigmoid(x) erf(x) sin(x) cos(x) floor(x) ceil(x) trunc(x) round(x)".split(
    " ",
  ),
  ..."relu(x) clamp(x,-1.0,1.0) max(x,y) min(x,y) max(y,x) min(y,x) x**0.0 x**2.0 x**0.5 pow(y,x)".split(" "),
  ..."x<1.0?1.0:2.0 !(x<1.0)?1.0:2.0 x!=x?1.0:2.0 x==x?1.0:2.0 x>=-1.0&&x<=1.0?1.0:2.0 x==inf?1.0:2.0 x<y?x:y".split(
    " ",
  ),
];
const REDUCTIONS = ["sum", "prod", "max", "min", "mean"];

let here: readonly { readonly name: string; readonly isAvailable: boolean }[] = [];
beforeAll(async () => {
  here = (await targets()).map((t) => ({ name: t.name, isAvailable: t.here.available }));
});
afterAll(close);

function needs(context: TestContext, target: string): void {
  if (here.find((t) => t.name === target)?.isAvailable !== true) context.skip(`no device for ${target}`);
}

/** Numbers as texts; NaNs are alike, zeros are told by their sign. */
function shown(values: Iterable<number>): readonly string[] {
  return Array.from(values, (v) => (Object.is(v, -0) ? "-0" : String(v)));
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.abs(b) && b !== 0;
}

async function results(target: string, body: string, output: string): Promise<readonly number[]> {
  const text = `kernel k(X: f32[N], Y: f32[N]) -> ${output} where N >= 1 { ${body} }`;
  const { k } = await compile(text, { target, ...(target === "hls" ? { dims: { N: X.length } } : {}) });
  const tensor = await k?.({ X: Tensor.from(X), Y: Tensor.from(Y) })["Z"]?.cpu();
  return Array.from((tensor ?? expect.fail("no result")).data, Number);
}

describe.each(["wasm", "wgsl", "hls"])("%s", (target) => {
  test("expressions", async (context) => {
    needs(context, target);
    for (const e of EXPRESSIONS) {
      const body = `Z[i] = let x = X[i] in let y = Y[i] in ${e};`;
      const [got, wanted] = [await results(target, body, "Z: f32[N]"), await results("interp", body, "Z: f32[N]")];
      const exact = got.map((a, n) => (isNear(a, wanted[n] ?? 0) ? (wanted[n] ?? 0) : a));
      const plain = /relu|clamp|max|min/.test(e) ? (v: number): number => v + 0 : (v: number): number => v;
      expect(shown(exact.map(plain)), e).toEqual(shown(wanted.map(plain)));
    }
  });

  test("reductions", async (context) => {
    needs(context, target);
    for (const r of REDUCTIONS) {
      for (const inner of [
        "X[i]",
        "X[i] * 0.0",
        "Y[i] < 0.0 ? -inf : Y[i]",
        "X[i] == X[i] ? Y[i] * inf : 1.0",
        "Y[i]",
      ]) {
        const body = `Z = ${r}[i](${inner});`;
        const [got, wanted] = [await results(target, body, "Z: f32"), await results("interp", body, "Z: f32")];
        const [a = 0, b = 0] = [got[0], wanted[0]];
        expect(a === b || isNear(a, b) ? b : a, body).toEqual(b);
      }
    }
  });
});

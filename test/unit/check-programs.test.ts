/**
 * Whole programs through the checker: the twelve kernels of the language reference, the examples, and a collection of
 * many kinds. What is still refused is listed with its code: the list is the state of the front end.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CheckedProgram } from "../../compiler/compile.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import { visit } from "../../compiler/ir/walk.ts";
import { lowerKernel } from "../../compiler/lang/check-program.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { openProgram } from "../../runtime/cli/program-file.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { check, equationsOf, programText } from "../support/check.ts";

/** Kernels of test/programs/trial.ein that the checker refuses, by the code of the first error. */
const REFUSED_TRIAL: Readonly<Record<string, string>> = {
  smith_waterman: "E2033", // two lag axes, as its own comment says
};

/** Errors that belong to no kernel: what the file asks for and is not built yet. */
const NOT_BUILT_TRIAL = ["E2051", "E2051"];

function refusedIn(text: string): Record<string, string> {
  const { program, diagnostics } = check(text);
  const refused: Record<string, string> = {};
  for (const k of program.kernels) {
    const { span } = k.node;
    const first = diagnostics.find(
      (d) => d.severity === "error" && d.span !== null && d.span.start >= span.start && d.span.end <= span.end,
    );
    if (!k.fine) refused[k.name] = first?.code ?? "none of its own";
  }
  return refused;
}

/** Lowers each kernel that is fine and verifies the equations. */
function verifyAll(program: CheckedProgram): number {
  let count = 0;
  for (const k of program.kernels) {
    if (!k.fine || !k.checked) continue;
    const diagnostics = new Diagnostics();
    const result = lowerKernel(program, k.name, {}, diagnostics);
    expect(renderDiagnostics(diagnostics.list)).toBe("");
    if (result === null) throw new Error(`${k.name} is refused`);
    expect(verifyEquations(result.kernel)).toEqual([]);
    for (const stage of stagesOf(result.kernel))
      for (const o of stage.outputs)
        for (const body of [o.body, ...o.init.map((i) => i.body)])
          visit(body, (e) => expect(result.spans.has(e), `a place for each ${e.kind} of ${stage.name}`).toBe(true));
    count++;
  }
  return count;
}

describe("the twelve kernels of the reference", () => {
  const text = programText("twelve-kernels.ein");

  test("pass without a word, but for grad, which is not built yet", () => {
    expect(check(text).diagnostics.map((d) => d.code)).toEqual(["E2051"]);
    expect(verifyAll(check(text).program)).toBe(13);
  });

  test.each([
    ["matmul", "C[i in 0..M, j in 0..N]: f32 = sum[k in 0..K](A[i, k] * B[k, j]);"],
    [
      "softmax",
      `m[i in 0..M]: f32 = max[j in 0..N](X[i, j]);
e[i in 0..M, j in 0..N]: f32 = exp(X[i, j] - m[i]);
Y[i in 0..M, j in 0..N]: f32 = e[i, j] / sum[k in 0..N](e[i, k]);`,
    ],
    [
      "rnn",
      `xp[t in 0..T, n in 0..B, j in 0..H]: f32 = sum[i in 0..I](X[t, n, i] * Wx[i, j]) + b[j];
rec over t, lag 1 {
  Hs[t in 0..T, n in 0..B, j in 0..H]: f32 = tanh(xp[t, n, j] + sum[k in 0..H](Hs[t - 1, n, k] * Wh[k, j]));
    init Hs[t in -1..0, n in 0..B, j in 0..H] = h0[n, j];
}`,
    ],
    [
      "embedding_grad",
      "dE[v in 0..V, d in 0..D]: f32 = sum[n in 0..N, t in 0..L | index(ids[n, t]) == v](dY[n, t, d]);",
    ],
  ])("%s", (name, equations) => {
    expect(equationsOf(text.replace(/export derive.*/, ""), name)).toBe(equations);
  });

  test("conv2d with stride 2 and padding 1", () => {
    const printed = equationsOf(text.replace(/export derive.*/, ""), "conv2d", { s: 2, p: 1 });
    expect(printed).toContain("y in 0..(H + 2 - R) div 2 + 1");
    expect(printed).toContain("X[n, c, y * 2 + r - 1, x * 2 + q - 1] pad 0.0");
  });
});

describe("programs of many kinds", () => {
  const text = programText("trial.ein");

  test("pass, but for the listed ones", () => {
    expect(refusedIn(text)).toEqual(REFUSED_TRIAL);
    expect(verifyAll(check(text).program)).toBeGreaterThanOrEqual(47);
  });

  test("are proved, but for the listed ones", () => {
    const spans = check(text).program.kernels.map((k) => k.node.span);
    const codes = diagnose(makeSource("test.ein", text)).flatMap(({ code, severity, span }) =>
      severity === "error" && span !== null && spans.some((s) => s.start <= span.start && span.end <= s.end)
        ? [code]
        : [],
    );
    expect(codes).toEqual(Object.values(REFUSED_TRIAL));
  });

  test("are refused for nothing else", () => {
    const codes = check(text)
      .diagnostics.filter((d) => d.severity === "error")
      .map((d) => d.code);
    expect(codes.toSorted()).toEqual([...Object.values(REFUSED_TRIAL), ...NOT_BUILT_TRIAL].toSorted());
  });
});

describe("the examples", () => {
  const folder = join(import.meta.dirname, "..", "..", "dsl-examples");
  const files = readdirSync(folder).filter((f) => f.endsWith(".ein"));

  test.each(files)("%s", async (file) => {
    const diagnostics = new Diagnostics();
    const opened = await openProgram(join(folder, file), diagnostics);
    expect(renderDiagnostics(diagnostics.list)).toBe("");
    expect(opened === null ? 0 : verifyAll(opened.program)).toBeGreaterThanOrEqual(1);
  });
});

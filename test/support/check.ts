/** What the tests of the checker share: from source text to equations, codes, printed equations and values. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "../../compiler/ir/claims.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { stagesOf } from "../../compiler/ir/equations.ts";
import { interpretEquations } from "../../compiler/ir/interpret-equations.ts";
import { printEquations } from "../../compiler/ir/print-equations.ts";
import type { NDArray } from "../../compiler/ir/values.ts";
import { verifyEquations } from "../../compiler/ir/verify-equations.ts";
import type { CheckedProgram, GivenGeneric } from "../../compiler/lang/check-program.ts";
import { checkProgram, lowerKernel } from "../../compiler/lang/check-program.ts";
import { parse } from "../../compiler/lang/parse.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { renderDiagnostics } from "../../compiler/support/render-diagnostic.ts";
import { makeSource } from "../../compiler/support/source.ts";

export type Checked = { readonly program: CheckedProgram; readonly diagnostics: readonly Diagnostic[] };

export function check(text: string): Checked {
  const diagnostics = new Diagnostics();
  const parsed = parse(makeSource("test.ein", text), diagnostics);
  return { program: checkProgram(parsed, diagnostics), diagnostics: diagnostics.list };
}

/** A file of test/programs/. */
export function programText(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "programs", name), "utf8");
}

/** Codes and messages, in order. */
export function complaints(text: string): readonly string[] {
  return check(text).diagnostics.map((d) => `${d.code}: ${d.message}`);
}

export type Lowered = { readonly kernel: Kernel; readonly claims: readonly Claim[] };

/** The last kernel of the text (or the one named); fails with the rendered messages where it is refused. */
export function lowered(text: string, name?: string, generics: Readonly<Record<string, GivenGeneric>> = {}): Lowered {
  const { program, diagnostics } = check(text);
  const chosen = name ?? program.kernels.at(-1)?.name ?? "";
  const found = new Diagnostics();
  const result = lowerKernel(program, chosen, { generics: new Map(Object.entries(generics)) }, found);
  const errors = [...diagnostics, ...found.list].filter((d) => d.severity === "error");
  if (result === null || errors.length > 0) throw new Error(renderDiagnostics(errors));
  const broken = verifyEquations(result.kernel);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  return result;
}

/** The equations of a kernel as lines, without its head. */
export function equationsOf(text: string, name?: string, generics?: Readonly<Record<string, GivenGeneric>>): string {
  const lines = printEquations(lowered(text, name, generics).kernel)
    .trimEnd()
    .split("\n");
  return lines
    .slice(1, -1)
    .map((l) => l.replace(/^ {2}/, ""))
    .join("\n");
}

/** The printed body of `Y` for `kernel k(…) -> Y: dtype[N] { Y[i] = body; }`, with tensors of every dtype around. */
export function bodyOf(expression: string, dtype = "f32"): string {
  const { kernel } = lowered(pointwise(expression, dtype));
  const printed = printEquations(kernel).split("\n").at(1) ?? "";
  return printed.replace(/^.*?: \w+ = /, "").replace(/;$/, "");
}

/** The codes that an expression is refused with. */
export function refusalOf(expression: string, dtype = "f32"): readonly string[] {
  return check(pointwise(expression, dtype)).diagnostics.map((d) => d.code);
}

function pointwise(expression: string, dtype: string): string {
  return `kernel k(A: f32[N], B: f32[N], H: f16[N], Z: bf16[N], D: f64[N], I: i32[N], J: i32[N], L: i64[N], U: u32[N],
      S: i8[N], T: u8[N], Q: i4[N], P: bool[N], a: f32, n: i32) -> Y: ${dtype}[N] { Y[i] = ${expression}; }`;
}

/** Runs a kernel in the reference interpreter; inputs by name, dims by name where no shape gives them. */
export function run(
  text: string,
  inputs: Readonly<Record<string, NDArray>>,
  options: {
    readonly name?: string;
    readonly dims?: Readonly<Record<string, number>>;
    readonly generics?: Readonly<Record<string, GivenGeneric>>;
  } = {},
): Readonly<Record<string, readonly unknown[]>> {
  const { kernel } = lowered(text, options.name, options.generics);
  const dims = new Map<string, bigint>();
  for (const d of kernel.dims) {
    const size = options.dims?.[d.name] ?? sizeFrom(kernel, inputs, d.id);
    if (size === null) throw new Error(`nothing gives ${d.name}`);
    dims.set(d.id, BigInt(size));
  }
  const byId = new Map(
    kernel.params.map((p) => {
      const given = inputs[p.name];
      if (given === undefined) throw new Error(`no input ${p.name}`);
      return [p.id, given];
    }),
  );
  const results = [...interpretEquations(kernel, byId, dims)];
  return Object.fromEntries(results.map(([name, array]) => [name, array.data]));
}

function sizeFrom(kernel: Kernel, inputs: Readonly<Record<string, NDArray>>, id: string): number | null {
  for (const p of kernel.params) {
    const k = p.dims.findIndex((d) => d.hi.kind === "var" && d.hi.id === id);
    const size = k < 0 ? undefined : inputs[p.name]?.shape[k];
    if (size !== undefined) return size;
  }
  return null;
}

/** Names of all stages, in order of steps. */
export function stageNames(kernel: Kernel): readonly string[] {
  return stagesOf(kernel).map((s) => s.name);
}

/** Schedules name targets that exist, and the parts of a kernel as its author does. */
import { describe, expect, it } from "vitest";
import { proveKernelOf, readProgram } from "../../compiler/compile.ts";
import { scheduledNames } from "../../compiler/schedule/scheduled-names.ts";
import { DIRECTIVES, SCHEDULED_TARGETS } from "../../compiler/schedule/signatures.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { TARGETS } from "../../targets/registry.ts";

function namesOf(text: string, kernel: string) {
  const diagnostics = new Diagnostics();
  const program = readProgram(makeSource("t.ein", text), diagnostics);
  const proved = program === null ? null : proveKernelOf(program, kernel, {}, diagnostics);
  if (proved === null) throw new Error(diagnostics.list.map((d) => d.message).join("\n"));
  return scheduledNames(proved.kernel);
}

describe("the names of a schedule", () => {
  it("every target that is built can be scheduled", () => {
    for (const { name } of TARGETS) expect(SCHEDULED_TARGETS).toContain(name);
  });

  it("every directive shows how it is written", () => {
    for (const [word, { usage }] of Object.entries(DIRECTIVES)) expect(usage.startsWith(word)).toBe(true);
  });

  it("loops are axes and reduction indices, under the path of their stage", () => {
    const names = namesOf(
      `kernel half(X: f32[N]) -> Y: f32[N] { let a[i] = X[i] * 0.5; Y[i] = a[i]; }
       kernel f(X: f32[N]) -> Z: f32 { let h = half(X); Z = sum[k](h[k]); }`,
      "f",
    );
    expect([...names.loops].toSorted()).toEqual(["Z.k", "h.Y.i", "h.a.i"]);
    expect(names.stages).toContain("Z");
    expect(names.tensors).toContain("X");
  });
});

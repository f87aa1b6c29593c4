/** What is tested: one `test` declaration with its kernel, in the form that drawing, running and shrinking ask for. */
import type { CheckedProgram, GivenGeneric } from "../../compiler/compile.ts";
import { proveKernelOf } from "../../compiler/compile.ts";
import type { Tolerance } from "../../compiler/ir/compare.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import type * as Ast from "../../compiler/lang/ast.ts";
import { kernelCalled } from "../../compiler/lang/check-program.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";

/** Sizes that the caller fixes, by name: `--dim`, `--set`. */
export type FixedSizes = {
  readonly dims: ReadonlyMap<string, bigint>;
  readonly generics: ReadonlyMap<string, GivenGeneric>;
};

export type Subject = {
  readonly kernel: string;
  readonly test: Ast.Test;
  readonly tolerance: Tolerance;
  readonly fixed: FixedSizes;
  /** Names of the generics among the sizes of the test; the other sizes are dims. */
  readonly generics: ReadonlyMap<string, "int" | "float" | "bool">;
  /** Numbers that the kernel's schedules mention (tiles, `when`): sizes around them are worth a try. */
  readonly landmarks: readonly bigint[];
  /**
   * The kernel with these generics; null where they contradict a `where`. An EinkornError where it cannot be proved for them.
   */
  readonly instantiate: (generics: ReadonlyMap<string, GivenGeneric>) => Kernel | null;
};

/** What counts as equal where a test does not say it. */
export const DEFAULT_TOLERANCE: Tolerance = { amount: 2, unit: "ulp" };

/** The subject of a test; null where its kernel is unknown (which has been reported). */
export function subjectOf(program: CheckedProgram, test: Ast.Test, fixed: FixedSizes): Subject | null {
  const name = test.kernel.text;
  const node = kernelCalled(program, name)?.node;
  if (node === undefined) return null;
  const declared = new Map(node.generics.map((g) => [g.name.text, g.sort.text]));
  const numbers = test.sizes.flatMap(({ name: { text } }) => {
    const sort = declared.get(text);
    return sort === "int" || sort === "float" || sort === "bool" ? [[text, sort] as const] : [];
  });
  // Dims may be declared as generics, too: those are no constants.
  const generics = new Map([...fixed.generics].filter(([g]) => declared.has(g) && declared.get(g) !== "dim"));
  const made = new Map<string, Kernel | null>();
  return {
    kernel: name,
    test,
    tolerance: toleranceOf(test),
    fixed: { dims: fixed.dims, generics },
    generics: new Map(numbers),
    landmarks: landmarksOf(program, name),
    instantiate: (values) => {
      const key = genericsKey(values);
      const before = made.get(key);
      if (before !== undefined) return before;
      const kernel = prove(program, name, values);
      made.set(key, kernel);
      return kernel;
    },
  };
}

/** One text for each choice of generics. */
export function genericsKey(generics: ReadonlyMap<string, GivenGeneric>): string {
  return JSON.stringify([...generics].map(([n, v]) => [n, typeof v, String(v)]));
}

function toleranceOf({ tolerance }: Ast.Test): Tolerance {
  if (tolerance === null) return DEFAULT_TOLERANCE;
  const { amount, unit } = tolerance;
  return { amount: amount.kind === "integer" ? Number(amount.value) : Number(amount.text), unit };
}

function prove(program: CheckedProgram, name: string, generics: ReadonlyMap<string, GivenGeneric>): Kernel | null {
  const found = new Diagnostics();
  const proved = proveKernelOf(program, name, { generics }, found);
  if (proved !== null) return proved.kernel;
  const errors = found.list.filter((d) => d.severity === "error");
  if (errors.length > 0 && errors.every((d) => d.code === "E2015")) return null;
  throw new EinkornError(errors);
}

function landmarksOf(program: CheckedProgram, kernel: string): readonly bigint[] {
  const found = new Set<bigint>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("kind" in node && node.kind === "integer" && "value" in node && typeof node.value === "bigint") {
      found.add(node.value);
    }
    for (const [key, child] of Object.entries(node)) if (key !== "span") visit(child);
  };
  for (const s of program.schedules) if (s.kernel.text === kernel) visit([s.when, s.directives]);
  return [...found];
}

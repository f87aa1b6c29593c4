/** The result of `einkorn test`, as `--json` prints it. */
import type { LawResult } from "../property-test/laws.ts";
import type { TestResult } from "../property-test/test-kernel.ts";

/** Where something stands. */
type Place = { readonly file: string; readonly line: number };

export type TestedDeclaration = Place &
  Omit<TestResult, "targets" | "problem"> & {
    readonly kernel: string;
    /** The declaration as it is printed. */
    readonly test: string;
    readonly tolerance: { readonly amount: number; readonly unit: "ulp" | "rel" | "abs" };
    readonly problem: string | null;
    readonly seconds: number;
    readonly targets: readonly (TestResult["targets"][number] & { readonly target: string })[];
  };

export type TestedLaw = Place & LawResult;

export type TestReport = {
  readonly seed: number;
  readonly runs: number;
  readonly tests: readonly TestedDeclaration[];
  readonly laws: readonly TestedLaw[];
  /** Targets that this machine cannot run. */
  readonly unavailable: readonly { readonly target: string; readonly reason: string }[];
  /** Did the command line name the targets? */
  readonly named: boolean;
};

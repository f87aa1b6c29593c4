/** What `einkorn test` says: failures with a line that brings each of them back, a table, and annotations for code hosts. */
import { unreachable } from "../../compiler/support/invariant.ts";
import { fromArray } from "../nd-array.ts";
import { counted } from "../refuse.ts";
import { table } from "./report.ts";
import type { TestedDeclaration, TestedLaw, TestReport } from "./test-report.ts";

type TargetCell = TestedDeclaration["targets"][number];
export type FailedCell = Extract<TargetCell, { readonly verdict: "failed" }>;

/** Inputs with more elements than this, all together, are left out. */
const PRINTED_ELEMENTS = 96;

/** Lines for standard output: what failed first, then the table. */
export function testText(report: TestReport): readonly string[] {
  const { tests, laws } = report;
  if (tests.length === 0 && laws.length === 0) return ["there are no tests"];
  const failures = tests.flatMap((t) => [
    ...t.targets.flatMap((c) => (c.verdict === "failed" ? [...failureText(t, c), ""] : [])),
    ...(t.problem === null ? [] : [`${place(t)}: ${t.test}`, `  ${t.problem}`, ""]),
  ]);
  const broken = laws.flatMap((l) => (l.verdict === "broken" ? [...lawText(l, report.seed), ""] : []));
  return [
    ...failures,
    ...broken,
    ...(tests.length === 0 ? [] : testTable(report)),
    ...laws.filter((l) => l.verdict === "holds").map((l) => `${l.reducer}: ${lawName(l)}, ${counted(l.cases, "case")}`),
    ...remarks(report),
    summary(report),
  ];
}

function place({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file}:${line}`;
}

/** A failure in a few lines; the first says where and what. */
export function failureText(t: TestedDeclaration, cell: FailedCell): readonly string[] {
  const { failure } = cell;
  const sizes = sizesText(failure.dims, failure.generics);
  const first = sizesText(failure.foundAt, new Map());
  return [
    `${place(t)}: ${t.kernel} fails on ${cell.target}${sizes === "" ? "" : ` with ${sizes}`}`,
    ...wrongText(t, cell).map((line) => `  ${line}`),
    ...inputsText(failure.inputs).map((line) => `  ${line}`),
    ...(first === sizesText(failure.dims, new Map()) ? [] : [`  first found with ${first}`]),
    `  ${reproduction(t, cell)}`,
  ];
}

/** One line, or several where the device's message has several. */
export function wrongText(t: TestedDeclaration, { failure }: FailedCell): readonly string[] {
  const { wrong, message } = failure;
  if (wrong === null) return (message ?? "no result").split("\n");
  const at = wrong.at.length === 0 ? wrong.output : `${wrong.output}[${wrong.at.join(", ")}]`;
  const bound =
    typeof wrong.expected === "number" && wrong.allowed > 0
      ? `; ${number(wrong.error)} ${t.tolerance.unit} off, allowed are ${t.tolerance.amount} (±${number(wrong.allowed)})`
      : "";
  const count = wrong.elements > 1 ? `; ${wrong.mismatches} of ${wrong.elements} elements are wrong` : "";
  return [`${at} is ${value(wrong.got)}, should be ${value(wrong.expected)}${bound}${count}`];
}

function value(x: number | bigint | boolean): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

function number(x: number): string {
  return Number.isFinite(x) ? String(Number(x.toPrecision(3))) : String(x);
}

function sizesText(dims: ReadonlyMap<string, unknown>, generics: ReadonlyMap<string, unknown>): string {
  return [...dims, ...generics].map(([n, v]) => `${n} = ${String(v)}`).join(", ");
}

function inputsText(inputs: FailedCell["failure"]["inputs"]): readonly string[] {
  const count = [...inputs.values()].reduce((n, a) => n + a.data.length, 0);
  if (count > PRINTED_ELEMENTS) return [`its ${counted(count, "input element")} are what the line below draws`];
  return [...inputs].flatMap(([name, a]) => `${name}: ${String(fromArray(a))}`.split("\n"));
}

/** The command line that runs this very case. */
export function reproduction(t: TestedDeclaration, { target, failure }: FailedCell): string {
  const dims = [...failure.dims].map(([n, v]) => `--dim ${n}=${v}`);
  const generics = [...failure.generics].map(([n, v]) => `--set ${n}=${String(v)}`);
  return [
    "einkorn test",
    shellWord(`${t.file}:${t.kernel}`),
    `--target ${target}`,
    `--seed ${failure.seed}`,
    ...dims,
    ...generics,
  ].join(" ");
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./:,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function lawName(l: TestedLaw): string {
  if (l.law === "bulk") return "its bulk is the fold";
  return l.law === "identity" ? "its identity is one" : `it is ${l.law}`;
}

function lawText(l: TestedLaw, seed: number): readonly string[] {
  const claim =
    l.law === "bulk"
      ? "its bulk is not the fold"
      : l.law === "identity"
        ? "its identity is not one"
        : `it is not ${l.law}`;
  return [
    `${place(l)}: reducer ${l.reducer}: ${claim}`,
    `  ${l.counterexample ?? ""}`,
    `  einkorn test ${shellWord(l.file)} --seed ${seed}`,
  ];
}

function testTable({ tests, unavailable }: TestReport): readonly string[] {
  const targets = tests[0]?.targets.map((c) => c.target) ?? [];
  const missing = unavailable.map((u) => u.target);
  return table([
    ["test", ...targets, ...missing],
    ...tests.map((t) => [
      t.kernel,
      ...t.targets.map((c) => cellText(c, t.tolerance.unit)),
      ...missing.map(() => "not here"),
    ]),
  ]);
}

function cellText(c: TargetCell, unit: string): string {
  switch (c.verdict) {
    case "passed":
      if (c.runs === 0) return "nothing run";
      return `${counted(c.runs, "run")}, ${c.error === 0 ? "equal" : `${number(c.error)} ${unit}`}`;
    case "failed":
      return "FAILED";
    case "refused":
      return `refused ${c.code}`;
    default:
      return unreachable(c);
  }
}

/** Everything that kept a test from being all that its declaration says. */
function remarks({ tests, unavailable }: TestReport): readonly string[] {
  const perTest = tests.flatMap((t) => [
    ...t.notes.map((n) => `${t.kernel}: ${n}`),
    ...t.targets.flatMap((c) => {
      if (c.verdict === "refused") return [`${t.kernel}: ${c.target} refuses it: ${c.code} ${c.reason}`];
      if (c.verdict !== "passed") return [];
      // A test that is always in doubt decides nothing.
      return 2 * c.excused > c.elements
        ? [
            `${t.kernel}: on ${c.target} ${c.excused} of ${c.elements} elements pass only because rounding may decide them`,
          ]
        : [];
    }),
  ]);
  return [...new Set([...perTest, ...unavailable.map((u) => `${u.target} is passed over: ${u.reason}`)])];
}

function summary({ tests, laws, seed }: TestReport): string {
  const failed = tests.filter((t) => t.problem !== null || t.targets.some((c) => c.verdict === "failed")).length;
  const broken = laws.filter((l) => l.verdict === "broken").length;
  const parts = [
    `${counted(tests.length, "test")}${failed === 0 ? "" : `, ${failed} failed`}`,
    ...(laws.length === 0 ? [] : [`${counted(laws.length, "law")}${broken === 0 ? "" : `, ${broken} broken`}`]),
  ];
  return `${parts.join("; ")} (seed ${seed})`;
}

// ---- annotations ----

/** Workflow commands of GitHub Actions: one for each failure, at the line of its declaration. */
export function annotationsOf({ tests, laws, seed }: TestReport): readonly string[] {
  return [
    ...tests.flatMap((t) => [
      ...t.targets.flatMap((c) =>
        c.verdict === "failed" ? [annotation(t, `${t.kernel} on ${c.target}`, failureText(t, c).join("\n"))] : [],
      ),
      ...(t.problem === null ? [] : [annotation(t, t.kernel, t.problem)]),
    ]),
    ...laws.flatMap((l) =>
      l.verdict === "broken" ? [annotation(l, `reducer ${l.reducer}`, lawText(l, seed).join("\n"))] : [],
    ),
  ];
}

function annotation(at: { readonly file: string; readonly line: number }, title: string, message: string): string {
  return `::error file=${property(at.file)},line=${at.line},title=${property(title)}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/**
 * The report of `einkorn test` as JUnit XML, the form that build servers read: a suite for each file, a case for each test
 * on each target and for each law. There is no standard; this keeps to what the schema of Jenkins' xUnit plugin allows.
 */
import { unreachable } from "../../compiler/support/invariant.ts";
import type { TestedDeclaration, TestedLaw, TestReport } from "./test-report.ts";
import { failureText, wrongText } from "./test-text.ts";

type Case = {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly seconds: number;
  readonly outcome: "passed" | Outcome;
};
type Outcome = { readonly kind: "failure" | "error" | "skipped"; readonly message: string; readonly text: string };

export function junitXml(report: TestReport): string {
  const cases = [...report.tests.flatMap((t) => casesOf(t, report)), ...report.laws.map(lawCase)];
  const files = [...new Set(cases.map((c) => c.file))];
  const suites = files.map((file) =>
    suite(
      file,
      cases.filter((c) => c.file === file),
    ),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="einkorn test" ${countsOf(cases)}>`,
    ...suites.flat(),
    "</testsuites>",
    "",
  ].join("\n");
}

function casesOf(t: TestedDeclaration, { unavailable, named }: TestReport): readonly Case[] {
  const base = { file: t.file, line: t.line };
  const run = t.targets.map((c): Case => ({
    ...base,
    name: `${t.test} on ${c.target}`,
    // The reference is shared, so the time is that of all targets.
    seconds: t.seconds / Math.max(1, t.targets.length),
    outcome: outcomeOf(t, c, named),
  }));
  const missing = unavailable.map(({ target, reason }): Case => ({
    ...base,
    name: `${t.test} on ${target}`,
    seconds: 0,
    outcome: { kind: named ? "error" : "skipped", message: reason, text: "" },
  }));
  const problem: readonly Case[] =
    t.problem === null
      ? []
      : [{ ...base, name: t.test, seconds: 0, outcome: { kind: "error", message: t.problem, text: "" } }];
  return [...run, ...missing, ...problem];
}

function outcomeOf(t: TestedDeclaration, c: TestedDeclaration["targets"][number], named: boolean): Case["outcome"] {
  switch (c.verdict) {
    case "passed":
      return "passed";
    case "failed":
      return { kind: "failure", message: wrongText(t, c).join(" "), text: failureText(t, c).join("\n") };
    case "refused":
      return { kind: named ? "error" : "skipped", message: `${c.code} ${c.reason}`, text: "" };
    default:
      return unreachable(c);
  }
}

function lawCase(l: TestedLaw): Case {
  const base = { file: l.file, line: l.line, name: `reducer ${l.reducer}: ${l.law}`, seconds: 0 };
  if (l.verdict === "holds") return { ...base, outcome: "passed" };
  return { ...base, outcome: { kind: "failure", message: l.counterexample ?? "", text: "" } };
}

function countsOf(cases: readonly Case[]): string {
  const of = (kind: Outcome["kind"]): number =>
    cases.filter((c) => c.outcome !== "passed" && c.outcome.kind === kind).length;
  const seconds = cases.reduce((n, c) => n + c.seconds, 0);
  return `tests="${cases.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}" time="${seconds.toFixed(3)}"`;
}

function suite(file: string, cases: readonly Case[]): readonly string[] {
  return [`  <testsuite name="${escaped(file)}" ${countsOf(cases)}>`, ...cases.flatMap(caseXml), "  </testsuite>"];
}

function caseXml(c: Case): readonly string[] {
  const head = `    <testcase name="${escaped(c.name)}" classname="${escaped(c.file)}" file="${escaped(c.file)}" line="${c.line}" time="${c.seconds.toFixed(3)}"`;
  if (c.outcome === "passed") return [`${head}/>`];
  const { kind, message, text } = c.outcome;
  const type = kind === "skipped" ? "" : ` type="${kind}"`;
  return [
    `${head}>`,
    `      <${kind} message="${escaped(message)}"${type}>${escaped(text)}</${kind}>`,
    "    </testcase>",
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Characters that XML has no way to write become U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

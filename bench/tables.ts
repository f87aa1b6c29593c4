/** The measurements as the README shows them, and the place where it does. */
import type { DemoRow } from "../runtime/cli/demo.ts";

/** A row of bench/results/slice.json. */
export type Figure = {
  readonly name: string;
  readonly unit: string;
  readonly einkorn: number;
  readonly bar: number;
  readonly bound: "atLeast" | "atMost";
};

export function figureTable(rows: readonly Figure[]): string {
  const cells = rows.map((r) => [
    r.name,
    `${digits(r.einkorn)} ${r.unit}`,
    `${r.bound === "atLeast" ? "at least" : "at most"} ${digits(r.bar)}`,
  ]);
  return table(["what", "measured", "bar"], cells);
}

/** One row per target. */
export function demoTable(rows: readonly DemoRow[]): string {
  const targets = [...new Set(rows.map((r) => r.target))];
  const sets = [...new Set(rows.map((r) => r.set))];
  const cells = targets.map((target) => {
    const own = rows.filter((r) => r.target === target);
    const perSecond = Math.max(...own.map((r) => r.imagesPerSecond));
    const farthest = Math.max(...own.map((r) => r.relativeDifference));
    const right = sets.map((set) => rightOf(own.find((r) => r.set === set)));
    return [`\`${target}\``, ...right, digits(perSecond), farthest.toExponential(0)];
  });
  return table(["target", ...sets.map((set) => `right, ${set}`), "images/s", "distance from the reference"], cells);
}

function rightOf(r: DemoRow | undefined): string {
  return r === undefined ? "–" : `${digits(r.right)} of ${r.images < r.of ? "the first " : ""}${digits(r.images)}`;
}

/** Three digits that matter, thousands apart. */
function digits(value: number): string {
  const isExact = Number.isInteger(value) && value < 10_000;
  return (isExact ? value : Number(value.toPrecision(3))).toLocaleString("en-US");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [rowText(head), `|${"---|".repeat(head.length)}`, ...rows.map(rowText)].join("\n");
}

function rowText(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** The page with another table behind its mark. */
export function withTable(page: string, mark: string, replacement: string): string {
  const start = page.indexOf(`<!-- checked: ${mark} -->`);
  if (start < 0) throw new Error(`nothing is marked as checked: ${mark}`);
  const from = page.indexOf("\n\n", start) + 2;
  return page.slice(0, from) + replacement + page.slice(page.indexOf("\n\n", from));
}

/**
 * The `for all` of a test: each size is a dim or a number among the generics of the kernel (a bool counts as 0 or 1), its
 * range is made of numbers and of sizes that stand to its left. The same evaluation serves the checker and whoever draws sizes.
 */
import type { Diagnostics } from "../../support/diagnostics.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import { mentionsOf } from "./ast-names.ts";
import type { Sort } from "./generics.ts";
import { isTypeSort, sortOf } from "./generics.ts";

/** Whole numbers are bigints. */
export type SizeValue = bigint | number;
export type SizeRange = { readonly lo: SizeValue; readonly hi: SizeValue };

/** Reports what is wrong with the sizes of a test of this kernel; `names` are those of its dims and generics. */
export function checkTestSizes(
  t: Ast.Test,
  node: Ast.Kernel,
  names: readonly string[],
  diagnostics: Diagnostics,
): void {
  const generics = new Map(node.generics.map((g) => [g.name.text, g]));
  const before = new Set<string>();
  for (const { name, range } of t.sizes) {
    const text = name.text;
    const generic = generics.get(text);
    const sort = generic === undefined ? "dim" : sortOf(generic);
    if (!names.includes(text)) {
      const near = didYouMean(text, names);
      diagnostics.report("E2002", {
        span: name.span,
        message: `\`${node.name.text}\` has no dim or generic \`${text}\``,
        help: [near === null ? `it has ${names.join(", ")}` : `did you mean ${near} ?`],
      });
    } else if (before.has(text)) {
      diagnostics.report("E2061", { span: name.span, message: `\`${text}\` has two ranges in this test` });
    } else if (sort !== null && isTypeSort(sort)) {
      diagnostics.report("E2061", {
        span: name.span,
        message: `\`${text}\` is a generic of kind ${sort}, which has no range`,
        help: ["leave it out: the test uses its default"],
      });
    } else checkRange(text, range, before, { whole: sort !== "float", sort }, diagnostics);
    before.add(text);
  }
}

function checkRange(
  name: string,
  range: Ast.Range,
  before: ReadonlySet<string>,
  wanted: { readonly whole: boolean; readonly sort: Sort | null },
  diagnostics: Diagnostics,
): void {
  const { names, callees } = mentionsOf([range.low, range.high]);
  const stranger = [...names].find((n) => !before.has(n));
  const report = (message: string, help: readonly string[] = []): void =>
    diagnostics.report("E2061", { span: range.span, message, help });
  if (stranger !== undefined || callees.size > 0) {
    const what = stranger ?? [...callees][0] ?? "";
    return report(`the range of \`${name}\` mentions \`${what}\`, which is not a size to its left`, [
      "write numbers, or sizes that this test has before",
    ]);
  }
  const open = [...names].length > 0;
  // With sizes in it a range is known only when they are drawn; ones stand for them to see that it is arithmetic at all.
  const found = evaluateRange(range, new Map([...names].map((n) => [n, 1n])));
  if (found === null) return report(`the range of \`${name}\` is not made of numbers`);
  if (wanted.whole && (typeof found.lo !== "bigint" || typeof found.hi !== "bigint")) {
    return report(`the range of \`${name}\` is not made of whole numbers`);
  }
  if (open) return;
  if (wanted.sort === "dim" && (found.lo < 0 || found.hi > 2n ** 31n))
    return report(`\`${name}\` is a dim, from 0 to 2^31 - 1`);
  if (wanted.sort === "bool" && (found.lo < 0n || found.hi > 2n)) {
    return report(`\`${name}\` is a bool: 0 stands for false, 1 for true`, ["write in 0..2 for both"]);
  }
  if (found.lo >= found.hi) report(`the range of \`${name}\` is empty`);
}

/** Null where a bound is no number: a division by zero, or what is not arithmetic. */
export function evaluateRange(range: Ast.Range, sizes: ReadonlyMap<string, SizeValue>): SizeRange | null {
  const [lo, hi] = [evaluateBound(range.low, sizes), evaluateBound(range.high, sizes)];
  return lo === null || hi === null ? null : { lo, hi };
}

function evaluateBound(e: Ast.Expr, sizes: ReadonlyMap<string, SizeValue>): SizeValue | null {
  if (e.kind === "integer") return e.value;
  if (e.kind === "float") return Number(e.text);
  if (e.kind === "path") return e.names.length === 1 ? (sizes.get(e.names[0].text) ?? null) : null;
  if (e.kind === "unary") {
    const x = evaluateBound(e.operand, sizes);
    return x === null || e.operator !== "-" ? null : -x;
  }
  if (e.kind !== "binary") return null;
  const [a, b] = [evaluateBound(e.left, sizes), evaluateBound(e.right, sizes)];
  if (a === null || b === null) return null;
  const whole = typeof a === "bigint" && typeof b === "bigint";
  return whole ? onWholeNumbers(e.operator, a, b) : onNumbers(e.operator, Number(a), Number(b));
}

/** What is not here is no arithmetic of its numbers, as `/` is none of whole ones. */
const WHOLE: Readonly<Partial<Record<Ast.BinaryOperator, (a: bigint, b: bigint) => bigint | null>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "**": (a, b) => (b >= 0n && b < 64n ? a ** b : null),
  div: (a, b) => (b === 0n ? null : (a - floorModulo(a, b)) / b),
  "%": (a, b) => (b === 0n ? null : floorModulo(a, b)),
};

const REAL: Readonly<Partial<Record<Ast.BinaryOperator, (a: number, b: number) => number>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
};

function onWholeNumbers(operator: Ast.BinaryOperator, a: bigint, b: bigint): bigint | null {
  return WHOLE[operator]?.(a, b) ?? null;
}

function onNumbers(operator: Ast.BinaryOperator, a: number, b: number): number | null {
  const result = REAL[operator]?.(a, b);
  return result !== undefined && Number.isFinite(result) ? result : null;
}

function floorModulo(a: bigint, b: bigint): bigint {
  const r = a % b;
  return r !== 0n && r < 0n !== b < 0n ? r + b : r;
}

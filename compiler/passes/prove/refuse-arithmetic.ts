/** Diagnostics of integer arithmetic: which operation, the values that may occur, and the forms that are defined for them. */
import { atLeastZero, atMost, notEqual, within } from "../../analysis/condition.ts";
import type { Condition } from "../../analysis/condition.ts";
import type { Poly } from "../../analysis/polynomial.ts";
import { ONE, ZERO, asAtom, asConstant, constant, sub } from "../../analysis/polynomial.ts";
import type { IntDType } from "../../ir/dtype.ts";
import { dtypeRange } from "../../ir/dtype.ts";
import type { Apply, Cast, Expr, Reduce } from "../../ir/expr.ts";
import type { Code } from "../../support/codes.ts";
import type { Bounds } from "./bounds.ts";
import { addWhere, failure, intervalText, rangesNote, whereFor } from "./explain.ts";
import type { Scope } from "./scope.ts";
import type { Place } from "./shared.ts";
import { isIntDType, typeBounds } from "./integers.ts";

type Text = {
  readonly message: string;
  readonly label: string;
  readonly notes?: readonly (string | null)[];
  readonly help: readonly (string | null)[];
};

function present(list: readonly (string | null)[]): readonly string[] {
  return list.filter((s) => s !== null);
}

/** At most two ways out; what could not be said is null. */
export function report(scope: Scope, place: Place, code: Code, text: Text): void {
  scope.shared.diagnostics.report(code, {
    span: place.span,
    message: text.message,
    label: text.label,
    notes: present(text.notes ?? []),
    help: present(text.help).slice(0, 2),
  });
}

function failureNote(scope: Scope, goal: Condition, value: Poly, what: string): string | null {
  const found = failure(scope, goal, value);
  return found === null ? null : `counterexample: ${found.at} gives ${what} ${found.value}`;
}

/** `-128..128`, in the language's half-open form. */
function rangeOfType(type: IntDType): string {
  const { min, max } = dtypeRange(type);
  return `${min}..${max + 1n}`;
}

function holdsText(type: IntDType): string {
  return `${type} holds ${rangeOfType(type)}`;
}

/** The lower and the upper end that must not be passed, as `poly >= 0`. */
function roomIn(type: IntDType, p: Poly): readonly [Poly, Poly] {
  const { lower, upper } = typeBounds(type);
  return [sub(p, lower), sub(upper, p)];
}

/** What an operation is called in the language, and the form of it that wraps. */
const SPELLING: Readonly<Record<string, { readonly sign: string; readonly wrapping: string | null }>> = {
  add: { sign: "+", wrapping: "wrapping_add" },
  sub: { sign: "-", wrapping: "wrapping_sub" },
  mul: { sign: "*", wrapping: "wrapping_mul" },
  neg: { sign: "-", wrapping: "wrapping_sub" },
  floor_div: { sign: "div", wrapping: null },
  abs: { sign: "abs", wrapping: null },
};

/** Marks `e`, and says whether this is a mistake of its own: its operands were not refused before. */
function isNews(scope: Scope, e: Expr, operands: readonly Expr[]): boolean {
  const { refused } = scope.shared;
  const fresh = !operands.some((x) => refused.has(x));
  refused.add(e);
  return fresh;
}

type Overflow = { readonly e: Apply; readonly value: Poly; readonly type: IntDType };

export function refuseOverflow(scope: Scope, place: Place, { e, value, type }: Overflow): void {
  if (!isNews(scope, e, e.args)) return;
  const { names } = scope.shared;
  const { sign, wrapping } = SPELLING[e.op] ?? { sign: e.op, wrapping: null };
  const named = e.args.filter((a) => asConstant(scope.poly(a)) === null);
  const operands = named.map((a) => `${names.value(a)} in ${intervalText(scope, scope.poly(a))}`);
  const [low, high] = roomIn(type, value);
  const where = whereFor(scope, [low, high]);
  const goal: Condition = { kind: "all", of: [atLeastZero(low), atLeastZero(high)] };
  report(scope, place, "E2101", {
    message: `this \`${sign}\` of ${type} may overflow`,
    label: `may be anywhere in ${intervalText(scope, value)}, but ${holdsText(type)}`,
    notes: [[...new Set(operands)].join(", "), failureNote(scope, goal, value, "the value")],
    help: [
      where === null ? rangeHelp(scope, [value]) : addWhere(where),
      wrapping === null ? null : wrappingHelp(scope, { e, value, type }, sign, wrapping),
    ],
  });
}

/** Texts of operands up to this length are repeated in a way out. */
const SHORT = 24;

/** The form that wraps, with the operands as they are written, and the wider dtype where there is one. */
function wrappingHelp(scope: Scope, { e, type }: Overflow, sign: string, wrapping: string): string {
  const texts = e.args.map((a) => scope.shared.names.value(a));
  const names = texts.every((t) => t.length <= SHORT) ? texts : texts.map((_, n) => "ab"[n] ?? "c");
  const [a, b] = e.op === "neg" ? ["0", names[0] ?? "a"] : names;
  const wraps = `write ${wrapping}(${a}, ${b}) if it shall wrap around`;
  if (type === "i64" || type === "u64") return wraps;
  const wide = names.map((name, n) => (isNumber(scope, e.args[n]) ? name : `i64(${name})`));
  return `${wraps}, or compute in i64: ${e.op === "neg" ? `-${wide[0]}` : wide.join(` ${sign} `)}`;
}

function isNumber(scope: Scope, e: Expr | undefined): boolean {
  return e !== undefined && asConstant(scope.poly(e)) !== null;
}

/**
 * `declare …: X: i32[…] in lo..hi`, for parameters and recurrences that are read without a range. `wanted` is the range
 * that an element needs where it is the whole value; lo and hi stand for what the user knows.
 */
export function rangeHelp(scope: Scope, polys: readonly Poly[], wanted: string | null = null): string | null {
  const { polys: table, params, tensors } = scope.shared;
  const [first] = polys;
  const range = wanted !== null && first !== undefined && asAtom(first) !== null ? wanted : "lo..hi";
  const free = new Set<string>();
  for (const id of polys.flatMap((p) => table.atoms.symbolsOf(p))) {
    const expr = table.opaque(id)?.expr;
    const tensor = expr?.kind === "read" ? tensors.get(expr.tensor) : undefined;
    if (tensor === undefined || tensor.values !== null) continue;
    const shape = tensor.dims.length > 0 ? "[…]" : "";
    free.add(
      params.has(tensor.id)
        ? `declare the values of the parameter: ${tensor.name}: ${tensor.dtype}${shape} in ${range}`
        : `declare the values of the stage, and keep to it by min, max or clamp: ${tensor.name}${shape}: ${tensor.dtype} in ${range}`,
    );
  }
  return [...free][0] ?? null;
}

export function refuseCast(
  scope: Scope,
  place: Place,
  { e, value, type }: { readonly e: Cast; readonly value: Poly; readonly type: IntDType },
): void {
  if (!isNews(scope, e, [e.arg])) return;
  const [low, high] = roomIn(type, value);
  const where = whereFor(scope, [low, high]);
  const goal: Condition = { kind: "all", of: [atLeastZero(low), atLeastZero(high)] };
  const text = scope.shared.names.value(e.arg);
  const operand = text.length <= SHORT ? text : "…";
  report(scope, place, "E2103", {
    message: `\`${scope.shared.names.value(e.arg)}\` may not fit ${type}`,
    label: `may be anywhere in ${intervalText(scope, value)}, but ${holdsText(type)}`,
    notes: [rangesNote(scope, [value]), failureNote(scope, goal, value, "the value")],
    help: [
      where === null ? rangeHelp(scope, [value], rangeOfType(type)) : addWhere(where),
      e.arg.type === "index"
        ? "clamp the value, or keep it in i64"
        : `write sat_${type}(${operand}) to saturate, or wrap_${type}(${operand}) to keep the low bits`,
    ],
  });
}

export function refuseDivisor(scope: Scope, place: Place, divisor: Expr, value: Poly): void {
  if (!isNews(scope, divisor, [divisor])) return;
  const { names } = scope.shared;
  const here = { ...place, span: names.spanOf(divisor) ?? place.span };
  if (asConstant(value) === 0n) {
    const text = names.value(divisor);
    report(scope, here, "E2102", {
      message: "this divides by 0",
      label: text === "0" ? "the divisor" : `${text} is 0`,
      help: ["`div` and `%` by 0 have no value: divide by another number"],
    });
    return;
  }
  const where = whereFor(scope, [sub(value, ONE)]);
  report(scope, here, "E2102", {
    message: `the divisor \`${names.value(divisor)}\` may be 0`,
    label: `needs ${names.value(divisor)} != 0`,
    notes: [rangesNote(scope, [value]), failureNote(scope, notEqual(value, ZERO), value, "a divisor of")],
    help: [
      where === null ? rangeHelp(scope, [value], "1..hi") : addWhere(where),
      `write max(${names.value(divisor)}, 1)`,
    ],
  });
}

export function refuseShift(scope: Scope, place: Place, amount: Expr, value: Poly, bits: number): void {
  if (!isNews(scope, amount, [amount])) return;
  const { names } = scope.shared;
  const goal = within(value, ZERO, constant(bits));
  report(scope, { ...place, span: names.spanOf(amount) ?? place.span }, "E2104", {
    message: `the shift amount \`${names.value(amount)}\` may be out of range`,
    label: `needs 0 <= ${names.value(amount)} < ${bits}`,
    notes: [rangesNote(scope, [value]), failureNote(scope, goal, value, "an amount of")],
    help: [rangeHelp(scope, [value], `0..${bits}`), `write bit_and(${names.value(amount)}, ${bits - 1})`],
  });
}

/** A sum or product of which not every partial result is known to fit. */
export function refuseReduction(
  scope: Scope,
  place: Place,
  node: Reduce,
  total: Bounds,
  each: Bounds,
  points: Poly,
): void {
  const { names } = scope.shared;
  const { type } = node;
  if (!isIntDType(type) || !isNews(scope, node, node.args)) return;
  const name = node.reducer.name;
  const end = (p: Poly | null, by: Poly): string => (p === null ? "" : names.poly(sub(p, by)));
  const eachText = `${end(each.lower, ZERO)}..${end(each.upper, constant(-1))}`;
  const goals =
    total.lower === null || total.upper === null ? [] : [roomIn(type, total.lower)[0], roomIn(type, total.upper)[1]];
  const where = pointsWhere(scope, type, each, points, goals) ?? (goals.length > 0 ? whereFor(scope, goals) : null);
  report(scope, place, "E2101", {
    message: `this ${name} of ${type} may overflow`,
    label: `${name === "prod" ? "multiplies" : "adds"} up to ${names.poly(points)} values in ${eachText}, but ${holdsText(type)}`,
    notes: [rangesNote(scope, [points])],
    help: [
      where === null ? null : addWhere(where),
      type === "i64" || type === "u64"
        ? "give the values a smaller range"
        : `${name === "prod" ? "multiply" : "sum"} in i64: ${name}[…](i64(…))`,
    ],
  });
}

/** `C*R*S <= 131071`: as many points as the greatest value allows. */
function pointsWhere(scope: Scope, type: IntDType, each: Bounds, points: Poly, goals: readonly Poly[]): string | null {
  const lower = each.lower === null ? null : asConstant(each.lower);
  const upper = each.upper === null ? null : asConstant(each.upper);
  const isOverDims = scope.shared.polys.atoms.symbolsOf(points).every((id) => scope.shared.dims.has(id));
  if (lower === null || upper === null || goals.length === 0 || !isOverDims) return null;
  const { min, max } = dtypeRange(type);
  const rooms = [...(upper > 0n ? [max / upper] : []), ...(lower < 0n ? [min / lower] : [])];
  const most = rooms.reduce<bigint | null>((least, x) => (least === null || x < least ? x : least), null);
  if (most === null || most < 2n) return null; // a sum of one element is no way out
  return scope.holdsWith(atMost(points, constant(most)), goals.map(atLeastZero))
    ? scope.shared.names.condition(atMost(points, constant(most)))
    : null;
}

export function refusePosition(scope: Scope, place: Place, node: Reduce, points: Poly): void {
  const goal = sub(constant(1n << 31n), points);
  const where = whereFor(scope, [goal]);
  report(scope, place, "E2101", {
    message: `the position that ${node.reducer.name} gives may not fit i32`,
    label: `the domain has ${scope.shared.names.poly(points)} points, but ${holdsText("i32")}`,
    notes: [rangesNote(scope, [points])],
    help: [where === null ? null : addWhere(where)],
  });
}

function emptyNote(scope: Scope, missing: Poly): string | null {
  const found = failure(scope, atLeastZero(missing), missing);
  return found === null ? null : `counterexample: ${found.at}`;
}

export function refuseEmpty(scope: Scope, place: Place, node: Reduce, inner: Scope): void {
  const { names, polys } = scope.shared;
  const extents = node.axes.map((a) => sub(inner.poly(a.hi), inner.poly(a.lo)));
  const goals = extents
    .filter((x) => polys.atoms.symbolsOf(x).every((id) => !inner.hasMet(id) || scope.hasMet(id)))
    .map((x) => sub(x, ONE));
  const missing = goals.filter((g) => !scope.holds(atLeastZero(g)));
  const where = missing.length === 0 ? null : whereFor(scope, missing);
  const first = missing[0];
  const guard = node.guard === null ? null : names.value(node.guard);
  report(scope, place, "E2105", {
    message: `this ${node.reducer.name} of ${node.type} has no value where its domain is empty`,
    label:
      first === undefined
        ? `needs a point where ${guard ?? "its range is not empty"}`
        : `needs ${names.condition(atLeastZero(first))}`,
    notes: [rangesNote(scope, extents), first === undefined ? null : emptyNote(scope, first)],
    help: [
      where === null ? null : addWhere(where),
      guard === null ? null : `put the condition into the value: ${guard} ? … : a value that never wins`,
    ],
  });
}

/**
 * The walk over one body: every node is checked in the scope of its place, children first, and comes back with its reads
 * marked. The order is that of knowledge: the right side of `&&` knows the left, a branch its condition, a reduction's
 * body its axes and guard; `select`, the function, teaches its operands nothing.
 */
import { all, any, equal, not, within } from "../../analysis/condition.ts";
import type { Apply, Cast, Expr, Let, Pad, Read, Select, Var } from "../../ir/expr.ts";
import { apply, cast, letIn, read, select } from "../../ir/expr.ts";
import { known, unreachable } from "../../support/invariant.ts";
import { proveRead } from "./accesses.ts";
import { checkCast, checkOperation } from "./arithmetic.ts";
import { checkClaim } from "./claims.ts";
import { boundsOver } from "./extremes.ts";
import { checkReduce } from "./reductions.ts";
import type { Scope } from "./scope.ts";
import type { Place } from "./shared.ts";
import { isHopeless } from "./shared.ts";
import { isInteger } from "./integers.ts";
import { joinBounds } from "./value-bounds.ts";

/** `e` with its accesses proved, marked or refused. What was found out about its value is known to `scope` afterwards. */
export function checkExpression(e: Expr, scope: Scope, place: Place): Expr {
  const before = scope.checked.get(e);
  if (before !== undefined) return before;
  const { spans } = scope.shared;
  const own = spans.get(e);
  if (isHopeless(scope.shared)) return e;
  const checked = checkNode(e, scope, own === undefined ? place : { ...place, span: own });
  // A node that the compiler made has no text, and gets none by being rebuilt.
  if (own !== undefined && !spans.has(checked)) spans.set(checked, own);
  scope.checked.set(e, checked);
  return checked;
}

function checkNode(e: Expr, scope: Scope, place: Place): Expr {
  switch (e.kind) {
    case "const":
    case "var":
      return e;
    case "read":
      return checkRead(e, scope, place);
    case "apply":
      return e.op === "and" || e.op === "or" ? checkConnective(e, scope, place) : checkApply(e, scope, place);
    case "select":
      return checkSelect(e, scope, place);
    case "cast":
      return checkCastNode(e, scope, place);
    case "let":
      return checkLet(e, scope, place);
    case "reduce":
      return checkReduce(e, scope, place, checkExpression);
    default:
      return unreachable(e);
  }
}

function checkRead(e: Read, scope: Scope, place: Place): Expr {
  const at = e.index.map((x) => checkExpression(x, scope, place));
  const value = e.pad?.kind === "value" ? checkExpression(e.pad.value, scope, place) : null;
  const pad: Pad | null = value === null ? e.pad : { kind: "value", value };
  return proveRead(read(e.type, e.tensor, at, { pad, guarded: e.guarded }), e, scope, place);
}

function checkApply(e: Apply, scope: Scope, place: Place): Expr {
  const args = e.args.map((a) => checkExpression(a, scope, place));
  const same = args.every((a, i) => a === e.args[i]);
  return checkOperation(same ? e : apply(e.op, ...args), scope, place);
}

function checkConnective(e: Apply, scope: Scope, place: Place): Expr {
  const [a, b] = e.args;
  const left = checkExpression(known(a, "the left operand"), scope, place);
  const c = scope.condition(left);
  const inner = assumed(scope, left, e.op === "and", c);
  const right = checkExpression(known(b, "the right operand"), inner, place);
  return left === a && right === b ? e : apply(e.op, left, right);
}

/** The scope in which a checked condition holds, or does not. */
function assumed(scope: Scope, condition: Expr, holds: boolean, c = scope.condition(condition)): Scope {
  const text = scope.shared.names.value(condition);
  return holds ? scope.assume(c, text) : scope.assume(not(c), `!(${text})`);
}

function checkSelect(e: Select, scope: Scope, place: Place): Expr {
  const cond = checkExpression(e.cond, scope, place);
  const c = scope.condition(cond);
  const yesScope = e.lazy ? assumed(scope, cond, true, c) : scope;
  const noScope = e.lazy ? assumed(scope, cond, false, c) : scope;
  const yes = checkExpression(e.yes, yesScope, place);
  const no = checkExpression(e.no, noScope, place);
  const checked = cond === e.cond && yes === e.yes && no === e.no ? e : select(cond, yes, no, e.lazy);
  keepSpan(scope, e, checked);
  if (isInteger(e.type)) {
    const self = scope.poly(checked);
    const [p, q] = [yesScope.poly(yes), noScope.poly(no)];
    const chosen = any([
      all([c, equal(self, p), yesScope.knowledgeBeyond(scope, p)]),
      all([not(c), equal(self, q), noScope.knowledgeBeyond(scope, q)]),
    ]);
    // Over dims alone: the exact values are in `chosen`, and a hull of them would grow with every branch inside.
    const isDim = (id: string): boolean => scope.shared.dims.has(id);
    const hull = joinBounds(scope, boundsOver(yesScope, p, isDim), boundsOver(noScope, q, isDim));
    scope.learn(checked, chosen, scope.isBare, hull);
  }
  return checked;
}

function checkCastNode(e: Cast, scope: Scope, place: Place): Expr {
  const arg = checkExpression(e.arg, scope, place);
  const checked = arg === e.arg ? e : cast(e.type, e.mode, arg);
  return checked.kind === "cast" ? checkCast(checked, scope, place) : checked;
}

function checkLet(e: Let, scope: Scope, place: Place): Expr {
  const value = checkExpression(e.value, scope, place);
  scope.bind(e.variable, value);
  scope.shared.refused.bind(e.variable, value);
  const body = checkExpression(e.body, claimedScope(e.variable, value, scope), place);
  return value === e.value && body === e.body ? e : letIn(e.variable, value, body);
}

/** What is claimed of an argument is proved; where that fails, the function is looked at as if it held. */
function claimedScope(variable: Var, value: Expr, scope: Scope): Scope {
  const claim = scope.shared.claims.get(variable.id);
  if (claim === undefined || scope.shared.refused.has(value)) return scope;
  const p = scope.poly(value);
  if (checkClaim(claim, variable, p, scope)) return scope;
  return scope.assumeAlways(within(p, scope.poly(claim.lo), scope.poly(claim.hi)), `the range of ${variable.name}`);
}

/** The rebuilt node stands where the old one stood; what is learned of it is called by its text. */
function keepSpan(scope: Scope, old: Expr, rebuilt: Expr): void {
  const { spans } = scope.shared;
  const own = spans.get(old);
  if (own !== undefined && !spans.has(rebuilt)) spans.set(rebuilt, own);
}

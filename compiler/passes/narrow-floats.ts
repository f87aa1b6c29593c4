/**
 * f16 and bf16 leave the program: buffers of them become u16 buffers, which loads decode and stores encode
 * (ir/math/narrow-formats.ts), and every value of them becomes an f32 that is always already rounded. An operation computes
 * in f32 and rounds once more. That second rounding is innocent for + - * / sqrt, since 24 >= 2·11 + 2 bits (Figueroa
 * 1995), and absent where the result is exact; `fma` is free to round twice anyway. Conversions from wider
 * numbers round to odd before the last rounding, so that nothing becomes a tie that was none (narrow-casts.ts).
 */
import type { Apply, Cast, Expr, Read, Reducer, Var } from "../ir/expr.ts";
import { apply, cast, constant, letIn, read, variable } from "../ir/expr.ts";
import type { FreshValue } from "../ir/fresh-values.ts";
import { freshValues } from "../ir/fresh-values.ts";
import type { Accum, Buffer, LoopProgram, Stmt } from "../ir/loops.ts";
import type { NarrowFloat } from "../ir/math/narrow-formats.ts";
import { isNarrowFloat, NARROW_FORMATS } from "../ir/math/narrow-formats.ts";
import type { CoreOp } from "../ir/ops.ts";
import { mapChildren, mapReducer, reducerExpressions, some } from "../ir/walk.ts";
import { mapStatements, statementExpressions, visitStatements } from "../ir/walk-loops.ts";
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";
import { expandOver } from "./math/expression-arithmetic.ts";
import { inF32, isHeldBy } from "./narrow-casts.ts";

/** Operations that give a value of the operands' format, or a bool: there is nothing to round. */
const EXACT: ReadonlySet<string> = new Set<CoreOp>([
  "neg",
  "abs",
  "max",
  "min",
  "floor",
  "ceil",
  "trunc",
  "round",
  "eq",
  "ne",
  "lt",
  "le",
]);

/** What an access needs to know, and where names for values come from. */
type Scope = { readonly buffers: ReadonlyMap<string, Buffer>; readonly fresh: FreshValue };

/** The program without f16 and bf16: no buffer and no expression is of them. One without them comes back as it is. */
export function narrowFloats(program: LoopProgram): LoopProgram {
  if (!mentionsNarrow(program)) return program;
  const scope: Scope = { buffers: new Map(program.buffers.map((b) => [b.id, b])), fresh: freshValues(program) };
  const buffers = program.buffers.map((b): Buffer => (isNarrowFloat(b.dtype) ? { ...b, dtype: "u16" } : b));
  const nests = program.nests.map((nest) => ({ ...nest, body: statement(nest.body, scope) }));
  return { ...program, buffers, nests };
}

function mentionsNarrow(program: LoopProgram): boolean {
  let found = program.buffers.some((b) => isNarrowFloat(b.dtype));
  const look = (e: Expr): void => {
    found ||= some(e, (n) => isNarrowFloat(n.type));
  };
  for (const nest of program.nests) {
    visitStatements(nest.body, (s) => {
      if (s.kind === "alloc") found ||= isNarrowFloat(s.buffer.dtype);
      for (const e of statementExpressions(s)) look(e);
      if (s.kind === "accum") for (const e of reducerExpressions(s.reducer)) look(e);
    });
  }
  return found;
}

// ---- statements ----

function statement(s: Stmt, scope: Scope): Stmt {
  const value = (e: Expr): Expr => widened(e, scope);
  switch (s.kind) {
    case "for":
      return { ...s, lo: value(s.lo), hi: value(s.hi), body: statement(s.body, scope) };
    case "if":
    case "seq":
      return mapStatements(s.kind === "if" ? { ...s, cond: value(s.cond) } : s, (inner) => statement(inner, scope));
    case "alloc": {
      const inner = { ...scope, buffers: new Map(scope.buffers).set(s.buffer.id, s.buffer) };
      const buffer: Buffer = isNarrowFloat(s.buffer.dtype) ? { ...s.buffer, dtype: "f32" } : s.buffer;
      return { ...s, buffer, body: statement(s.body, inner) };
    }
    case "store": {
      const { dtype, space } = known(scope.buffers.get(s.buffer), "the buffer of a store");
      const isStored = isNarrowFloat(dtype) && space !== "register";
      return { ...s, index: s.index.map(value), value: isStored ? encoded(s.value, dtype, scope) : value(s.value) };
    }
    case "accum":
      return accumulation(s, scope);
    default:
      return unreachable(s);
  }
}

/** Accumulators are registers, so they become f32. */
function accumulation(s: Accum, scope: Scope): Accum {
  const value = (e: Expr): Expr => widened(e, scope);
  for (const t of s.targets) {
    const { dtype, space } = known(scope.buffers.get(t.buffer), "an accumulator");
    invariant(!isNarrowFloat(dtype) || space === "register", () => `accumulation into a stored ${dtype} buffer`);
  }
  // A sum accumulates in f32, and the language leaves it open whether the products that go into it are rounded.
  const isFree = s.reducer.kind === "builtin" && s.reducer.name === "sum" && !s.merge;
  return {
    ...s,
    reducer: reducerOf(s.reducer, scope),
    targets: s.targets.map((t) => ({ ...t, index: t.index.map(value) })),
    args: s.args.map((e) => (isFree && e.kind === "apply" && e.op === "mul" ? unrounded(e, scope) : value(e))),
    guard: s.guard === null ? null : value(s.guard),
  };
}

function reducerOf(r: Reducer, scope: Scope): Reducer {
  const mapped = mapReducer(r, (e) => widened(e, scope));
  if (mapped.kind === "builtin") return mapped;
  return { ...mapped, params: allWide(mapped.params), left: allWide(mapped.left), right: allWide(mapped.right) };
}

// ---- expressions ----

function wideVariable(v: Var): Var {
  return isNarrowFloat(v.type) ? variable("f32", v.id, v.name) : v;
}

function allWide(list: readonly Var[]): readonly Var[] {
  return list.map(wideVariable);
}

/** The expression in types that stay; a narrow float is its value in f32. */
function widened(e: Expr, scope: Scope): Expr {
  const go = (inner: Expr): Expr => widened(inner, scope);
  switch (e.kind) {
    case "const":
      return isNarrowFloat(e.type) ? constant("f32", e.value) : e;
    case "var":
      return wideVariable(e);
    case "read":
      return isNarrowFloat(e.type) ? narrowRead(e, e.type, scope) : mapChildren(e, go);
    case "apply":
    case "cast":
      return isNarrowFloat(e.type) ? rounded(e, e.type, scope) : unrounded(e, scope);
    case "select":
      return mapChildren(e, go);
    case "let":
      return letIn(wideVariable(e.variable), go(e.value), go(e.body));
    case "reduce":
      throw new InternalError("a reduction inside an expression of loops");
    default:
      return unreachable(e);
  }
}

/** What a register holds is a value already; elsewhere lie bits. */
function narrowRead(e: Read, format: NarrowFloat, scope: Scope): Expr {
  const at = e.index.map((i) => widened(i, scope));
  const { space } = known(scope.buffers.get(e.tensor), "the buffer of a read");
  if (space === "register") return read("f32", e.tensor, at, { guarded: e.guarded });
  return decoded(read("u16", e.tensor, at, { guarded: e.guarded }), format, scope);
}

function decoded(pattern: Expr, format: NarrowFloat, scope: Scope): Expr {
  const bits = cast("i32", "exact", pattern);
  return expandOver([bits], format, scope.fresh, (m, x) => NARROW_FORMATS[format].decode(m, x ?? m.int(0)));
}

/** The value of a narrow expression, rounded where its operation may need it. */
function rounded(e: Apply | Cast, format: NarrowFloat, scope: Scope): Expr {
  const value = unrounded(e, scope);
  const isExact = e.kind === "apply" ? EXACT.has(e.op) : e.mode === "bits" || isHeldBy(e.arg.type, format);
  if (isExact) return value;
  return expandOver([value], format, scope.fresh, (m, x) => NARROW_FORMATS[format].round(m, x ?? m.float(0)));
}

/** An f32 that rounds to the value of a narrow expression; the value itself of any other. */
function unrounded(e: Expr, scope: Scope): Expr {
  const go = (inner: Expr): Expr => widened(inner, scope);
  if (e.kind === "apply") return apply(e.op, ...e.args.map(go));
  if (e.kind === "let") return letIn(wideVariable(e.variable), go(e.value), unrounded(e.body, scope));
  if (e.kind !== "cast") return go(e);
  if (e.mode === "bits") return reinterpreted(e, scope);
  if (!isNarrowFloat(e.type)) return cast(e.type, e.mode, go(e.arg));
  return isNarrowFloat(e.arg.type) ? go(e.arg) : inF32(go(e.arg), e.type, scope.fresh);
}

/** A cast of bits: patterns of narrow floats are u16, and decoding looks at no other bits. */
function reinterpreted(e: Cast, scope: Scope): Expr {
  const pattern = isNarrowFloat(e.arg.type) ? encoded(e.arg, e.arg.type, scope) : widened(e.arg, scope);
  if (isNarrowFloat(e.type)) return decoded(pattern, e.type, scope);
  return cast(e.type, isNarrowFloat(e.arg.type) ? "wrap" : "bits", pattern);
}

/** The pattern of a narrow expression, a u16. */
function encoded(e: Expr, format: NarrowFloat, scope: Scope): Expr {
  const value = unrounded(e, scope);
  const encode = expandOver([value], format, scope.fresh, (m, x) => NARROW_FORMATS[format].encode(m, x ?? m.float(0)));
  return cast("u16", "exact", encode);
}

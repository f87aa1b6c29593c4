/**
 * What a target cannot hold is refused before anything is lowered: by dtype, by open dims, by operation, by the size of
 * indices. Each refusal
 * names what it is about and says what to use instead.
 */
import { INDEX_ADVICE, indexAlwaysPast } from "../analysis/index-limits.ts";
import { DTYPES, isFloat, isInt, isStorageDType } from "../ir/dtype.ts";
import type { DType } from "../ir/dtype.ts";
import type { Kernel, Stage } from "../ir/equations.ts";
import { stagesOf, tensorsOf } from "../ir/equations.ts";
import type { Expr, ScalarType } from "../ir/expr.ts";
import type { Elem } from "../ir/machine.ts";
import { reducerExpressions, visit } from "../ir/walk.ts";
import type { Diagnostics } from "../support/diagnostics.ts";
import type { Span } from "../support/source.ts";
import { spanText } from "../support/source.ts";
import type { Target } from "../target.ts";

/**
 * Reports E4001 (dtype), E4002 (open dims), E4004 (an index past 32 bits). Nothing reported: the
 * target can hold the kernel.
 */
export function checkTarget(kernel: Kernel, target: Target, diagnostics: Diagnostics): void {
  checkDims(kernel, target, diagnostics);
  const reported = new Set<ScalarType>();
  const refuse = (type: DType, span: Span, what: string, advice = adviceFor(type, target)): void => {
    if (reported.has(type)) return;
    reported.add(type);
    diagnostics.report("E4001", {
      message: `${target.name} has no ${type}: ${what}`,
      span,
      help: [advice],
    });
  };
  for (const t of tensorsOf(kernel).values()) {
    if (!target.capabilities.storage.includes(memoryOf(t.dtype, target)))
      refuse(t.dtype, t.span, `${t.name} is a tensor of it`);
  }
  for (const stage of stagesOf(kernel)) {
    const expressions = expressionsOf(stage);
    for (const e of expressions) {
      if (e.type === "index" || canCompute(e.type, target)) continue;
      const isShift = e.type === "i64" && shiftsLeft(stage, expressions);
      refuse(e.type, stage.span, `${stage.name} computes in it`, isShift ? SHIFT_ADVICE : undefined);
    }
  }
  if (!target.lowers) return;
  checkIndices(kernel, target, diagnostics);
}

/** Indices that leave 32 bits for every size; those that do for some are refused when the kernel is called. */
function checkIndices(kernel: Kernel, target: Target, diagnostics: Diagnostics): void {
  const past = indexAlwaysPast(kernel);
  if (past === null) return;
  diagnostics.report("E4004", {
    message: `${target.name} computes indices in 32 bits; one of ${kernel.name} reaches ${past.value}`,
    span: past.span,
    help: INDEX_ADVICE,
  });
}

/** Every node of the stage's bodies and of the reducers in them. */
function expressionsOf(stage: Stage): readonly Expr[] {
  const found: Expr[] = [];
  const look = (e: Expr): void =>
    visit(e, (n) => {
      found.push(n);
      if (n.kind === "reduce") for (const own of reducerExpressions(n.reducer)) look(own);
    });
  for (const output of stage.outputs) for (const e of [output.body, ...output.init.map((s) => s.body)]) look(e);
  return found;
}

/** Is it a `rescale` by a shift that may be negative that makes the stage compute in i64? */
function shiftsLeft(stage: Stage, expressions: readonly Expr[]): boolean {
  const isWide = expressions.some((e) => e.kind === "apply" && e.op === "shl" && e.type === "i64");
  return isWide && /\brescale\s*\(/.test(spanText(stage.span));
}

const SHIFT_ADVICE =
  "rescale by a shift that may be negative is computed in i64: declare the shift in 0..32, or choose another target";

/** What a target that is lowered for holds a dtype in: elements below a byte lie in bytes. */
function memoryOf(dtype: DType, target: Target): DType {
  return target.lowers && isStorageDType(dtype) ? "u8" : dtype;
}

/** Narrow types are computed in wide registers. */
function canCompute(type: DType, target: Target): boolean {
  return target.capabilities.elems.includes(elemFor(type));
}

function elemFor(type: DType): Elem {
  if (type === "bool" || type === "u32" || type === "i64" || type === "u64" || type === "f64") return type;
  return isInt(type) ? "i32" : "f32";
}

function adviceFor(type: DType, target: Target): string {
  const { elems } = target.capabilities;
  if (isFloat(type))
    return elems.includes("f32")
      ? "compute in f32, or choose another target: wasm and hls have f64"
      : "choose another target";
  if (DTYPES[type].bits === 64)
    return "use i32 with a range that proves that nothing overflows, or another target: wasm and hls have it";
  return "use i8 or u8 with a range";
}

function checkDims(kernel: Kernel, target: Target, diagnostics: Diagnostics): void {
  if (!target.capabilities.constantDims || kernel.dims.length === 0) return;
  const names = kernel.dims.map((d) => d.name);
  diagnostics.report("E4002", {
    message: `${target.name} needs constant dims; ${names.join(", ")} of ${kernel.name} ${names.length === 1 ? "is" : "are"} open`,
    span: kernel.span,
    help: [`give ${names.map((n) => `--dim ${n}=…`).join(" ")}`],
  });
}

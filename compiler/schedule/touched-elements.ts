/**
 * The elements of a register buffer that some steps go to, and loops over just these: lanes together, copies unrolled. So
 * an accumulator can be cleared, or added to another, whatever the nest has made of it.
 */
import type { Expr } from "../ir/expr.ts";
import { index, variable } from "../ir/expr.ts";
import type { Buffer, For, LoopKind, Origin, Stmt } from "../ir/loops.ts";
import { childStatements, sequence } from "../ir/walk-loops.ts";
import { known } from "../support/invariant.ts";
import { constantValue } from "./blocks.ts";
import type { FreshId } from "./rename-bound.ts";
import { renameBound } from "./rename-bound.ts";
import type { IsStep } from "./step-bound.ts";

type Lanes = { readonly hi: Expr; readonly loop: Extract<LoopKind, { kind: "vector" }> };

export type Touched = {
  /** How the lanes of vectors index the last dim, all of them if some step does; null where none do. */
  readonly lanes: Lanes | null;
  /** Per dim the constant that all steps have there, or null. */
  readonly fixed: readonly (Expr | null)[];
  /** Of the innermost loop around a step; null where there is none. */
  readonly origin: Origin | null;
};

/** What the steps in `s` go to. */
export function touchedBy(s: Stmt, isStep: IsStep): Touched {
  let lanes: Lanes | null = null;
  let origin: Origin | null = null;
  let fixed: readonly (Expr | null)[] | null = null;
  const go = (inner: Stmt, around: readonly For[]): void => {
    if (inner.kind === "accum" && isStep(inner)) {
      const at = known(inner.targets[0], "the accumulator of a step").index;
      fixed = at.map((e, d) => (constantValue(e) !== null && (fixed === null || isSame(e, fixed[d])) ? e : null));
      origin ??= around.at(-1)?.origin ?? null;
      const last = at.at(-1);
      for (const l of around) {
        if (l.loop.kind !== "vector" || last?.kind !== "var" || last.id !== l.variable.id) continue;
        if (lanes === null || constantValue(l.hi) !== null) lanes = { hi: l.hi, loop: l.loop };
      }
    }
    const inside = inner.kind === "for" ? [...around, inner] : around;
    for (const child of childStatements(inner)) go(child, inside);
  };
  go(s, []);
  return { lanes, fixed: fixed ?? [], origin };
}

function isSame(e: Expr, other: Expr | null | undefined): boolean {
  return other !== null && other !== undefined && constantValue(e) === constantValue(other);
}

/** Each of the statements for all elements, one after the other. */
export function forEachElement(
  buffer: Buffer,
  touched: Touched,
  make: (subscripts: readonly Expr[]) => readonly Stmt[],
  fresh: FreshId,
): Stmt {
  const { lanes, fixed } = touched;
  const origin = touched.origin ?? { stage: buffer.name, axis: "block", by: "sum in blocks", span: null };
  const isLane = (d: number): boolean => lanes !== null && d === fixed.length - 1;
  const subscripts = fixed.map((e, d) => e ?? variable("index", fresh("e"), isLane(d) ? "lane" : "copy"));
  const loops = subscripts.flatMap((v, d): readonly Omit<For, "body">[] => {
    if (v.kind !== "var") return [];
    const common = { kind: "for", variable: v, lo: index(0), origin } as const;
    if (lanes !== null && isLane(d)) return [{ ...common, ...lanes }];
    return [{ ...common, hi: known(buffer.extent[d], "extent"), loop: { kind: "unroll" } }];
  });
  const over = (leaf: Stmt): Stmt => loops.reduceRight<Stmt>((body, l) => ({ ...l, body }), leaf);
  return sequence(make(subscripts).map((leaf) => renameBound(over(leaf), fresh)));
}

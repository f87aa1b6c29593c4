/**
 * How far declarations grow when their calls are expanded, counted from the text alone: each is counted once, whatever
 * the number of its calls, so that a text that doubles with every line is refused before anything is expanded, and once.
 * What is counted is never more than what would be expanded.
 */
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import { LIMITS } from "./context.ts";
import type { Callable } from "./needed.ts";
import { partsOf } from "./needed.ts";
import type { ProgramTable } from "./program-table.ts";

type Size = {
  readonly expressions: number;
  readonly stages: number;
  /** Declarations that call each other, the outermost one included. */
  readonly depth: number;
  /** What is too large in it though nothing that it calls is; null where it is not too large. */
  readonly culprit: Declared | null;
};

type Declared = { readonly node: Callable; readonly home: ProgramTable };

/** Why a function cannot be expanded: the call that starts it, and what is expanded there, outermost first. */
export type TooLarge = { readonly span: Span; readonly what: string; readonly calls: readonly Callable[] };

/** Why no more declarations are checked, and the first that is not. */
export type Exhausted = { readonly span: Span; readonly what: string };

const NOTHING: Size = { expressions: 0, stages: 0, depth: 0, culprit: null };

/** How many calls inside each other a message lists. */
const LISTED = 6;

export class ExpansionSizes {
  readonly #sizes = new Map<Callable, Size>();
  #expressions = 0;
  #stages = 0;
  #exhausted: Exhausted | null = null;

  /** Counts a declaration among those that are checked; not null where all of them together are too much. */
  admit(node: Callable, home: ProgramTable): Exhausted | null {
    if (this.#exhausted !== null) return this.#exhausted;
    const { expressions, stages } = this.#sizeOf({ node, home });
    this.#expressions += Math.min(expressions, LIMITS.work);
    this.#stages += Math.min(stages, LIMITS.stages);
    const what =
      this.#expressions > LIMITS.programWork
        ? `${LIMITS.programWork} expressions`
        : this.#stages > LIMITS.programStages
          ? `${LIMITS.programStages} stages`
          : null;
    if (what !== null)
      this.#exhausted = { span: node.name.span, what: `more than ${what} in this program, calls expanded` };
    return this.#exhausted;
  }

  /** What is too large about the function; where that is one which it calls, that is said. */
  refusal(node: Ast.Fn, home: ProgramTable): TooLarge | null {
    const { culprit } = this.#sizeOf({ node, home });
    if (culprit === null) return null;
    const chain = [culprit];
    while (chain.length < LISTED) {
      const next = this.#largest(calleesOf(chain.at(-1) ?? culprit));
      if (next === null || chain.some((d) => d.node === next.node)) break;
      chain.push(next);
    }
    const call = partsOf(culprit.node).calls.find((c) => calleeOf(c, culprit.home)?.node === chain[1]?.node);
    const isDeep = this.#sizeOf(culprit).depth > LIMITS.calls;
    return {
      span: call?.span ?? culprit.node.name.span,
      what: isDeep ? `calls nest deeper than ${LIMITS.calls}` : `more than ${LIMITS.work} expressions after inlining`,
      calls: chain.map((d) => d.node),
    };
  }

  #largest(list: readonly Declared[]): Declared | null {
    let largest: Declared | null = null;
    for (const d of list) if (largest === null || isLarger(this.#sizeOf(d), this.#sizeOf(largest))) largest = d;
    return largest;
  }

  /** Without recursion: a file may hold a chain of thousands. What calls itself is refused elsewhere, and adds nothing. */
  #sizeOf(root: Declared): Size {
    const stack = [root];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const before = this.#sizes.get(at.node);
      if (before !== undefined && before !== NOTHING) {
        stack.pop();
        continue;
      }
      const callees = calleesOf(at);
      if (before === undefined) {
        this.#sizes.set(at.node, NOTHING);
        stack.push(...callees.filter((c) => !this.#sizes.has(c.node)));
        continue;
      }
      stack.pop();
      this.#sizes.set(at.node, this.#sum(at, callees));
    }
    return this.#sizes.get(root.node) ?? NOTHING;
  }

  #sum(declared: Declared, callees: readonly Declared[]): Size {
    const { node } = declared;
    const total = {
      expressions: partsOf(node).expressions,
      stages: node.kind === "kernel" ? node.equations.length : 0,
      depth: 0,
    };
    let culprit: Declared | null = null;
    for (const c of callees) {
      const size = this.#sizes.get(c.node) ?? NOTHING;
      culprit ??= size.culprit;
      if (size.culprit !== null) continue; // it is refused, not expanded
      total.expressions += size.expressions;
      total.stages += size.stages;
      total.depth = Math.max(total.depth, size.depth);
    }
    total.depth++;
    const isTooLarge = total.expressions > LIMITS.work || total.depth > LIMITS.calls || total.stages > LIMITS.stages;
    if (isTooLarge && callees.length > 0) culprit ??= declared;
    return { ...total, culprit };
  }
}

function isLarger(a: Size, b: Size): boolean {
  return a.depth > LIMITS.calls - 2 || b.depth > LIMITS.calls - 2 ? a.depth > b.depth : a.expressions > b.expressions;
}

function calleesOf({ node, home }: Declared): readonly Declared[] {
  const callees = partsOf(node).calls.flatMap((c) => calleeOf(c, home) ?? []);
  // Kernels are refused in a function.
  return node.kind === "kernel" ? callees : callees.filter((c) => c.node.kind !== "kernel");
}

function calleeOf(call: Ast.Call, home: ProgramTable): Declared | null {
  const entity = home.functions.get(call.callee.names.map((n) => n.text).join("."));
  return entity?.kind === "fn" || entity?.kind === "kernel" ? { node: entity.node, home: entity.home } : null;
}

/**
 * What one lowering of a kernel collects: stages, claims, spans of expressions, accesses to infer ranges from; and the
 * limits that keep a small text from growing into an endless program. An `Instance` is one kernel with its dims and
 * generics given, the outermost one or a called one; an `Env` is a place inside it.
 */
import { Facts } from "../../analysis/facts.ts";
import { IndexPolynomials } from "../../analysis/index-polynomial.ts";
import type { Claim } from "../../ir/claims.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Axis, Expr, UserReducer, Var } from "../../ir/expr.ts";
import type { Dim, DimRange, Kernel } from "../../ir/equations.ts";
import { children, expressionKey } from "../../ir/walk.ts";
import type { Diagnostic, DiagnosticInput } from "../../support/diagnostics.ts";
import { Diagnostics, diagnostic } from "../../support/diagnostics.ts";
import type { Code } from "../../support/codes.ts";
import type { Span } from "../../support/source.ts";
import type { ProgramTable } from "./program-table.ts";
import type * as Ast from "../ast.ts";
import type { Scope } from "./scope.ts";
import type { DimSlot, Scalar, TensorSymbol, TensorValue, Value } from "./value.ts";

/** Past these, a program is refused: small texts can call kernels and functions that multiply. */
export const LIMITS = {
  /** Expressions looked at for one kernel, calls included. */
  work: 400_000,
  /** The sums of expressions and of stages over all declarations of a program, calls expanded in each. */
  programWork: 2_000_000,
  programStages: 100_000,
  /** Nodes of one kernel after inlining, shared ones counted wherever they are used. */
  nodes: 200_000,
  /** Levels of nested expressions after inlining. */
  depth: 600,
  stages: 1_000,
  /** Parameters of a kernel, its outputs, its generics: of each so many. */
  heads: 1_000,
  /** Dims of a kernel: the work grows with their square. */
  dims: 250,
  /** Conditions of a kernel, each of which is looked at beside the ones before it. */
  conditions: 100,
  /** Kernels and functions that call each other. */
  calls: 40,
} as const;

const STORE = "store an intermediate result in a stage of its own: let t[i] = …;";

/** An index that a left-hand side, a reduction or an `init` binds. */
export type IndexSymbol = DimSlot & {
  readonly variable: Var;
  readonly name: string;
  readonly span: Span;
  /** Order of creation: an inner index is later. */
  readonly order: number;
  /** How many branches and guards enclose what it ranges over; an access under more gives it no range. */
  readonly depth: number;
  readonly kind: "axis" | "reduction" | "init";
  /** The axes of a `let` start at 0 unless `in` says otherwise. */
  readonly startsAtZero: boolean;
  /** Its range was refused: nothing more is said about it. */
  broken: boolean;
  /** Bounds read from data, built with the bodies. */
  explicit: { readonly low: Scalar; readonly high: Scalar } | null;
  range: DimRange | null;
};

/** One subscript of one access; ranges are inferred from these. */
export type AccessRecord = {
  readonly tensor: TensorSymbol;
  readonly dim: number;
  readonly subscript: Scalar;
  readonly padded: boolean;
  readonly depth: number;
  readonly reader: StageSymbol;
  readonly span: Span;
};

/** One place of an `init` target. */
export type InitSubscript =
  | { readonly kind: "fixed"; readonly value: bigint; readonly span: Span }
  | { readonly kind: "index"; readonly index: IndexSymbol; readonly explicit: boolean; readonly span: Span };

export type InitSymbol = {
  readonly tensor: TensorSymbol;
  readonly subscripts: readonly InitSubscript[];
  readonly value: Value;
  readonly span: Span;
};

/** An equation on its way to a stage. */
export type StageSymbol = {
  readonly name: string;
  readonly span: Span;
  readonly axes: readonly IndexSymbol[];
  readonly outputs: readonly { readonly symbol: TensorSymbol; value: Value }[];
  readonly rec: boolean;
  inits: readonly InitSymbol[];
  /** Stages that read each other share a number; null outside recurrences. */
  group: number | null;
};

/** One kernel with its dims and generics given. */
export type Instance = {
  readonly kernel: string;
  readonly scope: Scope;
  /** Dtypes that generics stand for. */
  readonly types: ReadonlyMap<string, DType>;
  /** `c1.` in front of the names of its stages; "" outermost. */
  readonly prefix: string;
  /** The call that made it; null outermost. */
  readonly call: Span | null;
  readonly stages: StageSymbol[];
  readonly accesses: AccessRecord[];
  readonly indices: IndexSymbol[];
};

/** A place in an instance. */
export type Env = {
  readonly instance: Instance;
  /** The names of the file that the text around stands in. */
  readonly module: ProgramTable;
  readonly scope: Scope;
  readonly types: ReadonlyMap<string, DType>;
  readonly stage: StageSymbol | null;
  /** Branches and guards around. */
  readonly depth: number;
  /** Levels of expressions around. */
  readonly nesting: number;
  /** Functions and kernels being expanded, outermost first. */
  readonly calls: readonly (Ast.Kernel | Ast.Fn | Ast.Reducer)[];
  /** The call that the expansion around started with; null in the kernel's own text. */
  readonly origin: Span | null;
  /** Inside a subscript: an unknown name is then a free index. */
  readonly subscript: boolean;
  /** Inside the body of a function or reducer, which sees its own parameters only. */
  readonly isFn: boolean;
  /** Around the arguments of a kernel call: the scope whose indices they cannot see. */
  readonly hidden: Scope | null;
  /** The right-hand side around, for suggestions; null outside equations. */
  readonly equation: Span | null;
  /** In a `bulk` equation how many points the block has: there reductions run over them. */
  readonly block: Scalar | null;
};

/** One place of a built `init`: a number, or an index over its range. */
export type DraftInit = {
  readonly tensor: TensorSymbol;
  readonly places: readonly (Axis & { readonly fixed: boolean; readonly explicit: boolean; readonly span: Span })[];
  readonly body: Expr;
  readonly span: Span;
};

/** A stage that is complete but for its place among the steps. */
export type StageDraft = {
  readonly name: string;
  readonly span: Span;
  readonly axes: readonly Axis[];
  readonly outputs: readonly { readonly symbol: TensorSymbol; readonly body: Expr }[];
  readonly inits: readonly DraftInit[];
  readonly rec: boolean;
};

/** An output of a kernel, and the tensor that turns out to hold it. */
export type DeclaredOutput = {
  readonly name: string;
  readonly symbol: TensorSymbol;
  readonly param: Ast.Param;
  /** Null until its equation has been checked. */
  result: TensorValue | null;
};

/** The two steps that call each other across files; handed in so that files import in one direction. */
export type Language = {
  readonly evaluate: (context: Context, env: Env, e: Ast.Expr) => Value;
  readonly checkEquations: (
    context: Context,
    env: Env,
    node: Ast.Kernel,
    outputs: ReadonlyMap<string, DeclaredOutput>,
  ) => ReadonlyMap<string, TensorValue> | null;
};

export type WhereCondition = Kernel["where"][number];

export class Context {
  readonly language: Language;
  readonly spans = new WeakMap<Expr, Span>();
  readonly polys: IndexPolynomials;
  readonly claims: Claim[] = [];
  /** Built stages of all instances, in the order in which they were finished. */
  readonly drafts: StageDraft[] = [];
  readonly dims: Dim[] = [];
  readonly where: WhereCondition[] = [];
  /** Kernel parameters and tensors of stages, by id. */
  readonly tensors = new Map<string, TensorSymbol>();
  /** Parameters and outputs of the outermost kernel, which every call limits to fewer than 2^31 elements. */
  readonly limited = new Set<TensorSymbol>();
  /** By node, then by the generics that it is instantiated with. */
  readonly reducers = new Map<Ast.Reducer, Map<string, UserReducer>>();
  /** Stages of values that are read with a pad, by how an element of the value is made. */
  readonly padded = new Map<TensorValue["at"], TensorSymbol>();
  readonly stageNames = new Set<string>();
  /** False while types of a recurrence are inferred: nothing is recorded then. */
  recording = true;
  diagnostics: Diagnostics;
  /** What holds of dims in the instance that is being checked. */
  facts: Facts;
  readonly #counters = new Map<string, number>();
  readonly #sizes = new Map<Expr, { readonly nodes: number; readonly depth: number }>();
  readonly #placed = new Set<Expr>();
  readonly #required = new Set<string>();
  readonly #freeIndices = new Set<string>();
  #work = 0;
  #exhausted = false;
  #refersElsewhere = false;
  #nodes = 0;

  constructor(language: Language, diagnostics: Diagnostics) {
    this.language = language;
    this.diagnostics = diagnostics;
    this.polys = new IndexPolynomials((id) => this.tensors.get(id)?.values ?? null);
    this.facts = Facts.none(this.polys.atoms);
  }

  /** A condition on dims that is checked where the outermost kernel is called; a second one like it is dropped. */
  require(condition: WhereCondition): void {
    const key = expressionKey(condition.condition);
    if (this.#required.has(key)) return;
    this.#required.add(key);
    this.where.push(condition);
  }

  report(code: Code, input: DiagnosticInput): void {
    this.diagnostics.add(diagnostic(code, input));
  }

  /** The reason why something used here was refused elsewhere; it is said once. Without one, the parser has said it. */
  refer(mistakes: readonly Diagnostic[]): void {
    this.#refersElsewhere = true;
    for (const d of mistakes) this.diagnostics.add(d);
  }

  /** True where something was refused for a reason that is known, if not here. */
  get refersElsewhere(): boolean {
    return this.#refersElsewhere;
  }

  /** A new id: `v3`, `t0`. User text never becomes one. */
  fresh(prefix: string): string {
    const n = this.#counters.get(prefix) ?? 0;
    this.#counters.set(prefix, n + 1);
    return `${prefix}${n}`;
  }

  /** Is this the first time that the free index is met in the equation? It is reported once. */
  isFirstMention(equation: Span, index: string): boolean {
    if (!this.recording) return true;
    const key = `${equation.source.name} ${equation.start} ${index}`;
    if (this.#freeIndices.has(key)) return false;
    this.#freeIndices.add(key);
    return true;
  }

  /** Remembers where an expression comes from. */
  at<E extends Expr>(span: Span, expr: E): E {
    if (!this.spans.has(expr)) this.spans.set(expr, span);
    return expr;
  }

  /** Runs a trial: what it reports, records and counts as accesses is dropped. */
  quietly<T>(run: () => T): T {
    const before = { diagnostics: this.diagnostics, recording: this.recording };
    this.diagnostics = new Diagnostics();
    this.recording = false;
    try {
      return run();
    } finally {
      this.diagnostics = before.diagnostics;
      this.recording = before.recording;
    }
  }

  /** One more expression is looked at; false once the limit is passed (reported at `span`, once). */
  spend(span: Span, env: Env): boolean {
    if (this.#exhausted) return false;
    this.#work++;
    if (this.#work <= LIMITS.work) return true;
    this.exhaust(span, `more than ${LIMITS.work} expressions after inlining`, env);
    return false;
  }

  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Refuses the program as too large; all further checking stops quickly. */
  exhaust(span: Span, what: string, env: Env | null, help = STORE): void {
    if (this.#exhausted) return;
    this.#exhausted = true;
    const calls = (env?.calls ?? []).map((c) => c.name.text);
    this.report("E2041", {
      span: env?.origin ?? span,
      message: `the program grows too large here: ${what}`,
      notes: calls.length < 2 ? [] : [`in the expansion of ${calls.slice(0, 6).join(", which calls ")}`],
      help: [help],
    });
  }

  /**
   * Counts a finished body against the limits, in time linear in its distinct nodes, and gives nodes that the checker
   * made (conversions, literals that took a dtype) the place of what they stand in.
   */
  admit(body: Expr, span: Span): void {
    this.#placeAll(body, span);
    const { nodes, depth } = this.#measure(body);
    this.#nodes += nodes;
    if (this.#nodes > LIMITS.nodes) this.exhaust(span, `more than ${LIMITS.nodes} nodes after inlining`, null);
    else if (depth > LIMITS.depth) this.exhaust(span, `expressions nest deeper than ${LIMITS.depth} levels`, null);
  }

  #placeAll(e: Expr, around: Span): void {
    if (this.#placed.has(e)) return;
    this.#placed.add(e);
    // A conversion stands where its operand does.
    const here = this.spans.get(e) ?? (e.kind === "cast" ? this.spans.get(e.arg) : undefined) ?? around;
    this.spans.set(e, here);
    for (const child of children(e)) this.#placeAll(child, here);
  }

  #measure(e: Expr): { readonly nodes: number; readonly depth: number } {
    const before = this.#sizes.get(e);
    if (before !== undefined) return before;
    let nodes = 1;
    let depth = 0;
    for (const child of children(e)) {
      const inner = this.#measure(child);
      nodes = Math.min(nodes + inner.nodes, Number.MAX_SAFE_INTEGER / 2);
      depth = Math.max(depth, inner.depth);
    }
    const size = { nodes, depth: depth + 1 };
    this.#sizes.set(e, size);
    return size;
  }
}

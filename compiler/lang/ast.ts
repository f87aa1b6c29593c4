/**
 * The abstract syntax of a `.ein` file: what parse.ts returns and the checker reads. Nothing is resolved here: a `Path`
 * may turn out to be a dim, an index, a tensor, a generic or a stage.
 *
 * Every node has the span of its own text (parentheses around an expression belong to the span of the node that they
 * are an operand of, not to the operand). Nothing is partial: a declaration with a syntax error in it is left out of
 * `Program.declarations`, and its name stands in `Program.broken`, so that later stages stay silent about it.
 * Follows the grammar rule by rule.
 */
import type { Source, Span } from "../support/source.ts";

/** An identifier at one place. */
export type Name = { readonly kind: "name"; readonly text: string; readonly span: Span };

/** At least one element. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** `a` or `c1.acc.y`. */
export type Path = { readonly kind: "path"; readonly names: NonEmpty<Name>; readonly span: Span };

// Expressions

/** `value` is exact and below 2⁶⁴; `text` is as written (`0x7feb352d`). */
export type IntegerLiteral = {
  readonly kind: "integer";
  readonly value: bigint;
  readonly text: string;
  readonly span: Span;
};

/** A literal with a point or an exponent, as written: its rounding depends on the dtype that it takes. */
export type FloatLiteral = { readonly kind: "float"; readonly text: string; readonly span: Span };

export type NumberLiteral = IntegerLiteral | FloatLiteral;

export type BooleanLiteral = { readonly kind: "boolean"; readonly value: boolean; readonly span: Span };

/** `inf` and `nan`; `-inf` is a unary minus. */
export type FloatConstant = { readonly kind: "constant"; readonly name: "inf" | "nan"; readonly span: Span };

/** Only as an argument or in an import; there are no escapes. */
export type StringLiteral = { readonly kind: "string"; readonly value: string; readonly span: Span };

/** Loosest first: `||`, `&&`, comparisons (which do not chain), `+ -`, `* / div %`, `**` (to the right). */
export type BinaryOperator =
  | "||"
  | "&&"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "div"
  | "%"
  | "**";

export type UnaryOperator = "-" | "!";

/** `-x ** 2` is `-(x ** 2)`. */
export type Unary = {
  readonly kind: "unary";
  readonly operator: UnaryOperator;
  readonly operand: Expr;
  readonly span: Span;
};

export type Binary = {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly operatorSpan: Span;
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span;
};

/** `condition ? whenTrue : whenFalse` */
export type Conditional = {
  readonly kind: "conditional";
  readonly condition: Expr;
  readonly whenTrue: Expr;
  readonly whenFalse: Expr;
  readonly span: Span;
};

/** `let x = value in body`; several names take a tuple apart. */
export type LetIn = {
  readonly kind: "letIn";
  readonly names: NonEmpty<Name>;
  readonly value: Expr;
  readonly body: Expr;
  readonly span: Span;
};

/** `(a, b)`: two elements at least. */
export type Tuple = { readonly kind: "tuple"; readonly elements: NonEmpty<Expr>; readonly span: Span };

/** What is read outside the tensor: `pad 0`, `pad -inf`, `pad (z)`; or which index is read instead. */
export type PadRule =
  | { readonly kind: "padValue"; readonly value: Expr; readonly span: Span }
  | { readonly kind: "padMode"; readonly mode: "edge" | "wrap" | "mirror"; readonly span: Span };

/** `X[i, j + 1] pad 0`; the span includes the pad rule. */
export type Access = {
  readonly kind: "access";
  readonly tensor: Path;
  readonly subscripts: NonEmpty<Expr>;
  readonly pad: PadRule | null;
  readonly span: Span;
};

/** `low..high`, half-open. */
export type Range = { readonly kind: "range"; readonly low: Expr; readonly high: Expr; readonly span: Span };

/** An index that this place binds: `k`, `k in 0..K`. */
export type Binder = {
  readonly kind: "binder";
  readonly name: Name;
  readonly range: Range | null;
  readonly span: Span;
};

export type Argument = {
  readonly kind: "argument";
  readonly name: Name | null;
  readonly value: Expr | StringLiteral;
  readonly span: Span;
};

/** `sum[k, r in 0..3 | guard](argument)` */
export type Reduction = {
  readonly kind: "reduction";
  readonly reducer: Path;
  readonly binders: NonEmpty<Binder>;
  readonly guard: Expr | null;
  readonly args: readonly Argument[];
  readonly span: Span;
};

/** `conv2d(X, w1, p = 2)`, `exp(x)`, `i8(x)` */
export type Call = {
  readonly kind: "call";
  readonly callee: Path;
  readonly args: readonly Argument[];
  readonly span: Span;
};

export type Expr =
  | IntegerLiteral
  | FloatLiteral
  | BooleanLiteral
  | FloatConstant
  | Path
  | Unary
  | Binary
  | Conditional
  | LetIn
  | Tuple
  | Access
  | Reduction
  | Call;

// Parts of declarations

/** `s: int = 1`; `sort` is one of `int float bool dim dtype anyfloat anyint`, not checked here. */
export type GenericParam = {
  readonly kind: "genericParam";
  readonly name: Name;
  readonly sort: Name;
  readonly defaultValue: Expr | null;
  readonly span: Span;
};

/** `f32`, `i32[N] in 0..V`; a scalar has the shape `[]`. */
export type TypeRef = {
  readonly kind: "type";
  readonly dtype: Name;
  readonly shape: readonly Expr[];
  readonly range: Range | null;
  readonly span: Span;
};

export type Param = { readonly kind: "param"; readonly name: Name; readonly type: TypeRef; readonly span: Span };

/** One name on the left of an equation: `acc[i, j in 0..N]: i32 in 0..V`. Its indices are bound here. */
export type Target = {
  readonly kind: "target";
  readonly name: Name;
  readonly binders: readonly Binder[];
  readonly dtype: Name | null;
  readonly range: Range | null;
  readonly span: Span;
};

/** One place of an `init` target: a fixed index (`-1`), or an index that is bound here (`n`, `u in -2..0`). */
export type InitSubscript = {
  readonly kind: "initSubscript";
  readonly index: Expr;
  readonly range: Range | null;
  readonly span: Span;
};

/** `Hs[-1, n, j]` after `init` */
export type InitTarget = {
  readonly kind: "initTarget";
  readonly name: Name;
  readonly subscripts: readonly InitSubscript[];
  readonly span: Span;
};

/** `init Hs[-1, j] = h0[j]`; several targets take a tuple apart. */
export type Init = {
  readonly kind: "init";
  readonly targets: NonEmpty<InitTarget>;
  readonly value: Expr;
  readonly span: Span;
};

/** `C[i, j] = …;`, `let …`, `rec … init …`; several targets take a tuple apart. */
export type Equation = {
  readonly kind: "equation";
  readonly role: "output" | "let" | "rec";
  readonly targets: NonEmpty<Target>;
  readonly value: Expr;
  readonly inits: readonly Init[];
  readonly span: Span;
};

// Schedules: words with arguments; the registry of primitives gives them meaning

/** `C.i`, `io to group.y`, `A(dim = 1)`, `2 * lanes` */
export type DirectiveItem = {
  readonly kind: "item";
  readonly value: Expr;
  readonly to: Expr | null;
  readonly span: Span;
};

export type Clause =
  /** `-> io, jo` */
  | { readonly kind: "results"; readonly names: NonEmpty<Name>; readonly span: Span }
  /** `by 4, 2 * lanes`, `at jo`, `in shared`, `tail guard` */
  | {
      readonly kind: "preposition";
      readonly word: "by" | "at" | "in" | "over" | "tail";
      readonly wordSpan: Span;
      readonly items: NonEmpty<DirectiveItem>;
      readonly span: Span;
    }
  /** `double`, `pack(vector = 4)` */
  | { readonly kind: "flag"; readonly word: Name; readonly args: readonly Argument[]; readonly span: Span };

export type Directive = {
  readonly kind: "directive";
  readonly word: Name;
  readonly args: readonly Argument[];
  readonly items: readonly DirectiveItem[];
  readonly clauses: readonly Clause[];
  readonly span: Span;
};

// Declarations. `doc` is the comment block that ends on the line above, without its marks.

export type Import = {
  readonly kind: "import";
  readonly names: NonEmpty<Name>;
  readonly from: StringLiteral;
  readonly doc: string | null;
  readonly span: Span;
};

export type Fn = {
  readonly kind: "fn";
  readonly exported: boolean;
  readonly name: Name;
  readonly generics: readonly GenericParam[];
  readonly params: readonly Param[];
  /** The dtype of the value. */
  readonly result: Name;
  readonly body: Expr;
  readonly doc: string | null;
  readonly span: Span;
};

/** `m = max[k](x)` in a `bulk` clause */
export type BulkEquation = {
  readonly kind: "bulkEquation";
  readonly name: Name;
  readonly value: Expr;
  readonly span: Span;
};

export type Reducer = {
  readonly kind: "reducer";
  readonly exported: boolean;
  readonly name: Name;
  readonly generics: readonly GenericParam[];
  readonly params: NonEmpty<Param>;
  readonly results: NonEmpty<Param>;
  readonly identity: Expr;
  readonly lift: Expr;
  readonly combine: { readonly left: Name; readonly right: Name; readonly value: Expr; readonly span: Span };
  readonly bulk: readonly BulkEquation[];
  readonly laws: readonly Name[];
  readonly doc: string | null;
  readonly span: Span;
};

export type Kernel = {
  readonly kind: "kernel";
  readonly exported: boolean;
  readonly name: Name;
  readonly generics: readonly GenericParam[];
  readonly params: readonly Param[];
  readonly outputs: NonEmpty<Param>;
  readonly where: readonly Expr[];
  readonly equations: readonly Equation[];
  readonly doc: string | null;
  readonly span: Span;
};

/** `derive NAME = transform(args);` */
export type Derive = {
  readonly kind: "derive";
  readonly exported: boolean;
  readonly name: Name;
  readonly transform: Name;
  readonly args: readonly Argument[];
  readonly doc: string | null;
  readonly span: Span;
};

/** `within 2 ulp` */
export type Tolerance = {
  readonly kind: "tolerance";
  readonly amount: NumberLiteral;
  readonly unit: "ulp" | "rel" | "abs";
  readonly span: Span;
};

/** `test matmul for all M in 0..67 within 2 ulp;`; each binder has a range. */
export type Test = {
  readonly kind: "test";
  readonly kernel: Name;
  readonly sizes: readonly (Binder & { readonly range: Range })[];
  readonly tolerance: Tolerance | null;
  readonly doc: string | null;
  readonly span: Span;
};

export type Schedule = {
  readonly kind: "schedule";
  readonly kernel: Name;
  readonly targets: NonEmpty<Name>;
  readonly when: readonly Expr[];
  readonly directives: readonly Directive[];
  readonly doc: string | null;
  readonly span: Span;
};

export type Declaration = Import | Fn | Reducer | Kernel | Derive | Test | Schedule;

/** `text` is as written, with its marks. */
export type Comment = { readonly kind: "comment"; readonly text: string; readonly span: Span };

export type Program = {
  readonly kind: "program";
  readonly source: Source;
  /** In source order; whole ones only. */
  readonly declarations: readonly Declaration[];
  /** Names that are declared (or imported), but whose declaration a syntax error, already reported, has spoiled. */
  readonly broken: readonly Name[];
  /** In source order, for the formatter. */
  readonly comments: readonly Comment[];
  readonly span: Span;
};

/** Random syntax trees of every kind, without real places, for parse ∘ print = identity. */
import * as fc from "fast-check";
import type {
  Argument,
  BinaryOperator,
  Binder,
  Clause,
  Declaration,
  Directive,
  DirectiveItem,
  Equation,
  Expr,
  GenericParam,
  Init,
  Name,
  NonEmpty,
  NumberLiteral,
  Param,
  Path,
  Range,
  StringLiteral,
} from "../../compiler/lang/ast.ts";
import { makeSource, type Span } from "../../compiler/support/source.ts";

const span: Span = { source: makeSource("random", ""), start: 0, end: 0 };

// Soft keywords are names like others; `in`, `div` and their like are not.
const WORDS = ["a", "x1", "_y", "Y", "tile", "at", "by", "pad", "init", "to", "edge", "ulp", "from", "lawful", "inner"];
const name: fc.Arbitrary<Name> = fc.constantFrom(...WORDS).map((text) => ({ kind: "name", text, span }));

function some<T>(arbitrary: fc.Arbitrary<T>, maxLength = 3): fc.Arbitrary<NonEmpty<T>> {
  return fc
    .tuple(arbitrary, fc.array(arbitrary, { maxLength: maxLength - 1 }))
    .map(([first, rest]) => [first, ...rest]);
}

const path: fc.Arbitrary<Path> = some(name, 3).map((names) => ({ kind: "path", names, span }));

const decimal = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const hexadecimal = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => `0x${n.toString(16)}`);
const fraction = fc.tuple(fc.nat(99), fc.nat(999)).map(([a, b]) => `${a}.${b}`);
const scientific = fc.tuple(fc.nat(99), fc.integer({ min: -30, max: 30 })).map(([a, b]) => `${a}e${b}`);
const number: fc.Arbitrary<NumberLiteral> = fc.oneof(
  fc.oneof(decimal, hexadecimal).map((text): NumberLiteral => ({ kind: "integer", value: BigInt(text), text, span })),
  fc.oneof(fraction, scientific).map((text): NumberLiteral => ({ kind: "float", text, span })),
);

const string: fc.Arbitrary<StringLiteral> = fc
  .string({ maxLength: 8 })
  .map((text) => ({ kind: "string", value: text.replaceAll(/["\n\r]/g, ""), span }));

const OPERATORS: readonly BinaryOperator[] = [
  "||",
  "&&",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "+",
  "-",
  "*",
  "/",
  "div",
  "%",
  "**",
];

type Recursive = { readonly expr: Expr; readonly argument: Argument; readonly range: Range };

const recursive = fc.letrec<Recursive>((tie) => {
  const expr = tie("expr");
  const range = tie("range");
  const args = fc.array(tie("argument"), { maxLength: 2 });
  const binders = some(binderOf(range));
  const leaf = fc.oneof(
    number,
    path,
    fc.boolean().map((value): Expr => ({ kind: "boolean", value, span })),
    fc.constantFrom("inf" as const, "nan" as const).map((word): Expr => ({ kind: "constant", name: word, span })),
  );
  const mode = fc.constantFrom("edge" as const, "wrap" as const, "mirror" as const);
  const pad = fc.option(
    fc.oneof(
      expr.map((value) => ({ kind: "padValue" as const, value, span })),
      mode.map((word) => ({ kind: "padMode" as const, mode: word, span })),
    ),
  );
  const branches = [
    fc
      .record({ operator: fc.constantFrom("-" as const, "!" as const), operand: expr })
      .map((e): Expr => ({ kind: "unary", ...e, span })),
    fc
      .record({ operator: fc.constantFrom(...OPERATORS), left: expr, right: expr })
      .map((e): Expr => ({ kind: "binary", ...e, operatorSpan: span, span })),
    fc
      .record({ condition: expr, whenTrue: expr, whenFalse: expr })
      .map((e): Expr => ({ kind: "conditional", ...e, span })),
    fc.record({ names: some(name), value: expr, body: expr }).map((e): Expr => ({ kind: "letIn", ...e, span })),
    fc
      .tuple(expr, expr, fc.array(expr, { maxLength: 1 }))
      .map(([a, b, rest]): Expr => ({ kind: "tuple", elements: [a, b, ...rest], span })),
    fc.record({ tensor: path, subscripts: some(expr), pad }).map((e): Expr => ({ kind: "access", ...e, span })),
    fc
      .record({ reducer: path, binders, guard: fc.option(expr), args })
      .map((e): Expr => ({ kind: "reduction", ...e, span })),
    fc.record({ callee: path, args }).map((e): Expr => ({ kind: "call", ...e, span })),
  ];
  return {
    expr: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, ...branches),
    argument: fc
      .record({ name: fc.option(name), value: fc.oneof({ weight: 5, arbitrary: expr }, string) })
      .map((a) => ({ kind: "argument", ...a, span })),
    range: fc.record({ low: expr, high: expr }).map((r) => ({ kind: "range", ...r, span })),
  };
});

function binderOf(range: fc.Arbitrary<Range>): fc.Arbitrary<Binder> {
  return fc.record({ name, range: fc.option(range) }).map((b) => ({ kind: "binder", ...b, span }));
}

const { expr, range, argument } = recursive;
const args = fc.array(argument, { maxLength: 3 });
const binder = binderOf(range);

/** Any expression. */
export const randomExpr: fc.Arbitrary<Expr> = expr;

const generic: fc.Arbitrary<GenericParam> = fc
  .record({ name, sort: name, defaultValue: fc.option(expr) })
  .map((g) => ({ kind: "genericParam", ...g, span }));
const generics = fc.array(generic, { maxLength: 2 });

const param: fc.Arbitrary<Param> = fc
  .record({ dtype: name, shape: fc.array(expr, { maxLength: 2 }), range: fc.option(range) })
  .chain((t) => name.map((n) => ({ kind: "param", name: n, type: { kind: "type", ...t, span }, span })));
const params = fc.array(param, { maxLength: 2 });

const target = fc
  .record({ name, binders: fc.array(binder, { maxLength: 2 }), dtype: fc.option(name), range: fc.option(range) })
  // A range stands behind a dtype only.
  .map((t) => ({ kind: "target" as const, ...t, range: t.dtype === null ? null : t.range, span }));
const initSubscript = fc
  .record({ index: expr, range: fc.option(range) })
  .map((s) => ({ kind: "initSubscript" as const, ...s, span }));
const initTarget = fc
  .record({ name, subscripts: fc.array(initSubscript, { maxLength: 2 }) })
  .map((t) => ({ kind: "initTarget" as const, ...t, span }));
const init: fc.Arbitrary<Init> = fc
  .record({ targets: some(initTarget, 2), value: expr })
  .map((i) => ({ kind: "init", ...i, span }));
const equation: fc.Arbitrary<Equation> = fc
  .record({
    role: fc.constantFrom("output" as const, "let" as const, "rec" as const),
    targets: some(target, 2),
    value: expr,
    inits: fc.array(init, { maxLength: 2 }),
  })
  .map((e) => ({ kind: "equation", ...e, span }));

const item: fc.Arbitrary<DirectiveItem> = fc
  .record({ value: expr, to: fc.option(expr) })
  .map((i) => ({ kind: "item", ...i, span }));
const flag: fc.Arbitrary<Clause> = fc
  .record({ word: fc.constantFrom("double", "pack", "root"), args })
  .map(({ word, args: list }) => ({ kind: "flag", word: { kind: "name", text: word, span }, args: list, span }));
const results: fc.Arbitrary<Clause> = some(name).map((names) => ({ kind: "results", names, span }));
const preposition: fc.Arbitrary<Clause> = fc
  .record({ word: fc.constantFrom("by", "at", "in", "over", "tail"), items: some(item, 2) })
  .map((p) => ({ kind: "preposition", ...p, wordSpan: span, span }));
const directive: fc.Arbitrary<Directive> = fc
  .record({
    word: name,
    args,
    items: fc.array(item, { maxLength: 3 }),
    clauses: fc.array(fc.oneof(flag, results, preposition), { maxLength: 3 }),
  })
  // Without an item, the first word behind the directive's own would be one.
  .map((d) => ({ kind: "directive", ...d, clauses: d.items.length === 0 ? [] : d.clauses, span }));

const docLine = fc.constantFrom("", "One line.", "it's `code` // and more", "∑ naïve");
const doc = fc.option(fc.array(docLine, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n")));
const exported = fc.boolean();

const sized = fc
  .record({ name, range })
  .map((b): Binder & { readonly range: Range } => ({ kind: "binder", ...b, span }));
const tolerance = fc
  .record({ amount: number, unit: fc.constantFrom("ulp" as const, "rel" as const, "abs" as const) })
  .map((t) => ({ kind: "tolerance" as const, ...t, span }));
const combine = fc.record({ left: name, right: name, value: expr }).map((c) => ({ ...c, span }));
const bulkEquation = fc.record({ name, value: expr }).map((b) => ({ kind: "bulkEquation" as const, ...b, span }));

/** A declaration of each kind. */
export const randomDeclaration: fc.Arbitrary<Declaration> = fc.oneof(
  fc.record({ names: some(name), from: string, doc }).map((d): Declaration => ({ kind: "import", ...d, span })),
  fc
    .record({ exported, name, generics, params, result: name, body: expr, doc })
    .map((d): Declaration => ({ kind: "fn", ...d, span })),
  fc
    .record({
      exported,
      name,
      generics,
      params: some(param, 2),
      results: some(param, 2),
      identity: expr,
      lift: expr,
      combine,
      bulk: fc.array(bulkEquation, { maxLength: 2 }),
      laws: fc.array(name, { maxLength: 2 }),
      doc,
    })
    .map((d): Declaration => ({ kind: "reducer", ...d, span })),
  fc
    .record({
      exported,
      name,
      generics,
      params,
      outputs: some(param, 2),
      where: fc.array(expr, { maxLength: 2 }),
      equations: fc.array(equation, { maxLength: 3 }),
      doc,
    })
    .map((d): Declaration => ({ kind: "kernel", ...d, span })),
  fc.record({ exported, name, transform: name, args, doc }).map((d): Declaration => ({ kind: "derive", ...d, span })),
  fc
    .record({ kernel: name, sizes: fc.array(sized, { maxLength: 2 }), tolerance: fc.option(tolerance), doc })
    .map((d): Declaration => ({ kind: "test", ...d, span })),
  fc
    .record({
      kernel: name,
      targets: some(name, 2),
      when: fc.array(expr, { maxLength: 2 }),
      directives: fc.array(directive, { maxLength: 3 }),
      doc,
    })
    .map((d): Declaration => ({ kind: "schedule", ...d, span })),
);

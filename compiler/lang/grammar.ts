/**
 * The grammar above equations: heads of declarations, the clauses of a reducer, directives. A rule reads one statement, to its `;` or `{`. Which statements a file is made of is found by parse.ts,
 * so that one that fails leaves the others alone.
 *
 * The grammar is exactly the documented one, with one token of lookahead (two at a named argument). What people write
 * instead is explained by syntax-advice.ts from the place where a rule failed.
 */
import type { Source, Span } from "../support/source.ts";
import type {
  Argument,
  BulkEquation,
  Clause,
  Derive,
  Directive,
  DirectiveItem,
  Expr,
  Fn,
  GenericParam,
  Import,
  Kernel,
  Name,
  NonEmpty,
  Param,
  Reducer,
  Schedule,
  Test,
  Tolerance,
  TypeRef,
} from "./ast.ts";
import { EquationGrammar } from "./equation-grammar.ts";
import { nonEmpty } from "./expression-grammar.ts";
import { lowestOf } from "./fold-operators.ts";
import type { Refuse } from "./subscripted.ts";
import * as T from "./tokens.ts";

/** What a rule knows of a declaration before its comments and its body are known. */
type Head<D, Rest extends keyof D = never> = Omit<D, "doc" | "span" | Rest>;

export type KernelHead = Head<Kernel, "equations">;
export type ReducerHead = Head<Reducer, "identity" | "lift" | "combine" | "bulk" | "laws">;
export type ScheduleHead = Head<Schedule, "directives">;

type ReducerClauseBody =
  | { readonly kind: "identity"; readonly value: Expr }
  | { readonly kind: "lift"; readonly value: Expr }
  | { readonly kind: "combine"; readonly value: Reducer["combine"] }
  | { readonly kind: "bulk"; readonly value: NonEmpty<BulkEquation> }
  | { readonly kind: "law"; readonly value: NonEmpty<Name> };

/** One clause in the body of a reducer, with its place. */
export type ReducerClause = ReducerClauseBody & { readonly span: Span };

export class Grammar extends EquationGrammar {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  /** To be called before a new source is read. */
  begin(source: Source, refuse: Refuse): void {
    this.source = source;
    this.refuse = refuse;
  }

  // Parts of declarations

  readonly generics = this.RULE("generics", (): readonly GenericParam[] => {
    const list: GenericParam[] = [];
    this.CONSUME(T.Less);
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => list.push(this.SUBRULE(this.genericParam)) });
    this.CONSUME(T.Greater);
    return list;
  });

  readonly genericParam = this.RULE("genericParam", (): GenericParam => {
    const name = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.Colon);
    const sort = this.nameOf(this.CONSUME2(T.Identifier));
    const defaultValue = this.OPTION(() => {
      this.CONSUME(T.Assign);
      return this.SUBRULE(this.unary);
    });
    const span = this.spanFrom(name.span.start);
    return { kind: "genericParam", name, sort, defaultValue: defaultValue ?? null, span };
  });

  readonly params = this.RULE("params", (): NonEmpty<Param> => {
    const list: Param[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => list.push(this.SUBRULE(this.param)) });
    return nonEmpty(list);
  });

  readonly param = this.RULE("param", (): Param => {
    const name = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.Colon);
    const type = this.SUBRULE(this.type);
    return { kind: "param", name, type, span: this.spanFrom(name.span.start) };
  });

  readonly type = this.RULE("type", (): TypeRef => {
    const dtype = this.nameOf(this.CONSUME(T.Identifier));
    const shape = this.OPTION(() => {
      this.CONSUME(T.LeftBracket);
      const sizes = this.SUBRULE(this.expressionList);
      this.CONSUME(T.RightBracket);
      return sizes;
    });
    const range = this.OPTION2(() => this.SUBRULE(this.inRange)) ?? null;
    return { kind: "type", dtype, shape: shape ?? [], range, span: this.spanFrom(dtype.span.start) };
  });

  /** `(params)`, possibly empty */
  readonly inputs = this.RULE("inputs", (): readonly Param[] => {
    this.CONSUME(T.LeftParen);
    const params = this.OPTION(() => this.SUBRULE(this.params));
    this.CONSUME(T.RightParen);
    return params ?? [];
  });

  /** `[export] word NAME [generics]` of a fn, a reducer or a kernel. */
  readonly opening = this.RULE("opening", (): Pick<Fn, "exported" | "name" | "generics"> => {
    const exported = this.OPTION(() => this.CONSUME(T.ExportWord)) !== undefined;
    this.OR([
      { ALT: () => this.CONSUME(T.FnWord) },
      { ALT: () => this.CONSUME(T.ReducerWord) },
      { ALT: () => this.CONSUME(T.KernelWord) },
    ]);
    const name = this.nameOf(this.CONSUME(T.Identifier));
    const generics = this.OPTION2(() => this.SUBRULE(this.generics)) ?? [];
    return { exported, name, generics };
  });

  // Declarations

  readonly importDeclaration = this.RULE("importDeclaration", (): Head<Import> => {
    this.CONSUME(T.ImportWord);
    this.CONSUME(T.LeftBrace);
    const names = this.SUBRULE(this.nameList);
    this.CONSUME(T.RightBrace);
    this.CONSUME(T.FromWord);
    const from = this.stringOf(this.CONSUME(T.StringText));
    this.CONSUME(T.Semicolon);
    return { kind: "import", names, from };
  });

  readonly fnDeclaration = this.RULE("fnDeclaration", (): Head<Fn> => {
    const opening = this.SUBRULE(this.opening);
    const params = this.SUBRULE(this.inputs);
    this.CONSUME(T.Arrow);
    const result = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.Assign);
    const body = this.SUBRULE(this.expression);
    this.CONSUME(T.Semicolon);
    return { kind: "fn", ...opening, params, result, body };
  });

  readonly reducerHead = this.RULE("reducerHead", (): ReducerHead => {
    const opening = this.SUBRULE(this.opening);
    this.CONSUME(T.LeftParen);
    const params = this.SUBRULE(this.params);
    this.CONSUME(T.RightParen);
    this.CONSUME(T.Arrow);
    this.CONSUME2(T.LeftParen);
    const results = this.SUBRULE2(this.params);
    this.CONSUME2(T.RightParen);
    this.CONSUME(T.LeftBrace);
    return { kind: "reducer", ...opening, params, results };
  });

  readonly reducerClause = this.RULE("reducerClause", (): ReducerClause => {
    const start = this.here;
    const clause = this.OR([
      {
        ALT: (): ReducerClauseBody => {
          this.CONSUME(T.IdentityWord);
          return { kind: "identity", value: this.SUBRULE(this.expression) };
        },
      },
      {
        ALT: (): ReducerClauseBody => {
          this.CONSUME(T.LiftWord);
          return { kind: "lift", value: this.SUBRULE2(this.expression) };
        },
      },
      { ALT: (): ReducerClauseBody => ({ kind: "combine", value: this.SUBRULE(this.combine) }) },
      {
        ALT: (): ReducerClauseBody => {
          this.CONSUME(T.BulkWord);
          return { kind: "bulk", value: this.SUBRULE(this.bulkEquations) };
        },
      },
      {
        ALT: (): ReducerClauseBody => {
          this.CONSUME(T.LawWord);
          const names: Name[] = [];
          this.AT_LEAST_ONE(() => names.push(this.nameOf(this.CONSUME(T.Identifier))));
          return { kind: "law", value: nonEmpty(names) };
        },
      },
    ]);
    this.CONSUME(T.Semicolon);
    return { ...clause, span: this.spanFrom(start) };
  });

  readonly combine = this.RULE("combine", (): Reducer["combine"] => {
    const start = this.here;
    this.CONSUME(T.CombineWord);
    const left = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.Comma);
    const right = this.nameOf(this.CONSUME2(T.Identifier));
    this.CONSUME(T.Assign);
    const value = this.SUBRULE(this.expression);
    return { left, right, value, span: this.spanFrom(start) };
  });

  readonly bulkEquations = this.RULE("bulkEquations", (): NonEmpty<BulkEquation> => {
    const list: BulkEquation[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: T.Comma,
      DEF: () => {
        const name = this.nameOf(this.CONSUME(T.Identifier));
        this.CONSUME(T.Assign);
        const value = this.SUBRULE(this.expression);
        list.push({ kind: "bulkEquation", name, value, span: this.spanFrom(name.span.start) });
      },
    });
    return nonEmpty(list);
  });

  readonly kernelHead = this.RULE("kernelHead", (): KernelHead => {
    const opening = this.SUBRULE(this.opening);
    const params = this.SUBRULE(this.inputs);
    this.CONSUME(T.Arrow);
    const outputs = this.SUBRULE(this.params);
    const where = this.OPTION(() => {
      this.CONSUME(T.WhereWord);
      return this.SUBRULE(this.expressionList);
    });
    this.CONSUME(T.LeftBrace);
    return { kind: "kernel", ...opening, params, outputs, where: where ?? [] };
  });

  readonly deriveDeclaration = this.RULE("deriveDeclaration", (): Head<Derive> => {
    const exported = this.OPTION(() => this.CONSUME(T.ExportWord)) !== undefined;
    this.CONSUME(T.DeriveWord);
    const name = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.Assign);
    const transform = this.nameOf(this.CONSUME2(T.Identifier));
    const args = this.SUBRULE(this.args);
    this.CONSUME(T.Semicolon);
    return { kind: "derive", exported, name, transform, args };
  });

  readonly testDeclaration = this.RULE("testDeclaration", (): Head<Test> => {
    this.CONSUME(T.TestWord);
    const kernel = this.nameOf(this.CONSUME(T.Identifier));
    const sizes: Test["sizes"][number][] = [];
    this.OPTION(() => {
      this.CONSUME(T.ForWord);
      this.CONSUME(T.AllWord);
      this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => sizes.push(this.SUBRULE(this.sizedName)) });
    });
    const tolerance = this.OPTION2(() => this.SUBRULE(this.tolerance)) ?? null;
    this.CONSUME(T.Semicolon);
    return { kind: "test", kernel, sizes, tolerance };
  });

  readonly tolerance = this.RULE("tolerance", (): Tolerance => {
    const start = this.here;
    this.CONSUME(T.WithinWord);
    const number = this.CONSUME(T.NumberText);
    const word = this.CONSUME(T.ToleranceUnit).tokenType;
    const unit = word === T.UlpWord ? "ulp" : word === T.RelWord ? "rel" : "abs";
    const span = this.spanFrom(start);
    return this.ACTION(() => ({ kind: "tolerance", amount: this.numberOf(number), unit, span }));
  });

  readonly scheduleHead = this.RULE("scheduleHead", (): ScheduleHead => {
    this.CONSUME(T.ScheduleWord);
    const kernel = this.nameOf(this.CONSUME(T.Identifier));
    this.CONSUME(T.ForWord);
    const targets = this.SUBRULE(this.nameList);
    const when = this.OPTION(() => {
      this.CONSUME(T.WhenWord);
      return this.SUBRULE(this.expressionList);
    });
    this.CONSUME(T.LeftBrace);
    return { kind: "schedule", kernel, targets, when: when ?? [] };
  });

  // Schedules

  readonly directive = this.RULE("directive", (): Directive => {
    const word = this.nameOf(this.CONSUME(T.Identifier));
    const args = this.OPTION(() => this.SUBRULE(this.args)) ?? [];
    const items = this.OPTION2(() => this.SUBRULE(this.items)) ?? [];
    const clauses: Clause[] = [];
    this.MANY(() => clauses.push(this.SUBRULE(this.clause)));
    this.CONSUME(T.Semicolon);
    return { kind: "directive", word, args, items, clauses, span: this.spanFrom(word.span.start) };
  });

  readonly items = this.RULE("items", (): NonEmpty<DirectiveItem> => {
    const list: DirectiveItem[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: T.Comma,
      DEF: () => {
        const start = this.here;
        const value = this.SUBRULE(this.operatorChain, { ARGS: [lowestOf("+")] });
        const to = this.OPTION(() => {
          this.CONSUME(T.ToWord);
          return this.SUBRULE2(this.operatorChain, { ARGS: [lowestOf("+")] });
        });
        list.push({ kind: "item", value, to: to ?? null, span: this.spanFrom(start) });
      },
    });
    return nonEmpty(list);
  });

  /** A preposition wins over a flag of the same name. */
  readonly clause = this.RULE("clause", (): Clause => {
    const start = this.here;
    return this.OR([
      {
        ALT: (): Clause => {
          this.CONSUME(T.Arrow);
          return { kind: "results", names: this.SUBRULE(this.nameList), span: this.spanFrom(start) };
        },
      },
      {
        IGNORE_AMBIGUITIES: true,
        ALT: (): Clause => {
          const token = this.CONSUME(T.Preposition);
          const items = this.SUBRULE(this.items);
          const span = this.spanFrom(start);
          const word = prepositionOf(token.image);
          return { kind: "preposition", word, wordSpan: this.spanOf(token), items, span };
        },
      },
      {
        ALT: (): Clause => {
          const word = this.nameOf(this.CONSUME(T.Identifier));
          const args: readonly Argument[] = this.OPTION(() => this.SUBRULE(this.args)) ?? [];
          return { kind: "flag", word, args, span: this.spanFrom(start) };
        },
      },
    ]);
  });
}

function prepositionOf(word: string): "by" | "at" | "in" | "over" | "tail" {
  return word === "by" || word === "at" || word === "in" || word === "over" ? word : "tail";
}

/**
 * Expressions, from `let … in` down to names and literals: the part of the grammar that every declaration uses. The
 * actions build the syntax tree at once; there is no concrete tree, and no rule per level of precedence: a chain of
 * operators is read flat and folded by `foldOperators`.
 *
 * A rule named in quotes is a rule of this grammar; the messages for what does not fit are in syntax-advice.ts.
 * While chevrotain records the grammar (once, at construction) every rule runs with dummy tokens: an action that looks
 * into a result must be wrapped in `ACTION`.
 */
import { EmbeddedActionsParser, type IToken } from "chevrotain";
import { invariant } from "../support/invariant.ts";
import { makeSource, type Source, type Span } from "../support/source.ts";
import type {
  Argument,
  Binder,
  Expr,
  InitSubscript,
  Name,
  NonEmpty,
  NumberLiteral,
  PadRule,
  Path,
  Range,
  StringLiteral,
  UnaryOperator,
} from "./ast.ts";
import { lowestOf, foldOperators, precedenceOf, type Lowest, type Operand } from "./fold-operators.ts";
import { RecordedFailure } from "./recorded-failure.ts";
import { accessOf, reductionOf, refuseCallWithoutIndex, type Refuse } from "./subscripted.ts";
import * as T from "./tokens.ts";

/** Bounded, so that no text makes `BigInt` slow; scan.ts refuses what does not fit 64 bits. */
const INTEGER = /^(?:0[xX][0-9a-fA-F]{1,400}|0[bB][01]{1,400}|\d{1,400})$/;

export function nonEmpty<E>(list: readonly E[]): NonEmpty<E> {
  const [first, ...rest] = list;
  invariant(first !== undefined, "a list that the grammar requires is empty");
  return [first, ...rest];
}

export class ExpressionGrammar extends EmbeddedActionsParser {
  /** What the last failed rule wanted. */
  readonly failure: RecordedFailure;
  protected source: Source = makeSource("", "");
  /** Receives what the grammar can read but the language does not allow. */
  protected refuse: Refuse = () => undefined;

  constructor(failure = new RecordedFailure()) {
    super([...T.TOKENS], { maxLookahead: 1, recoveryEnabled: false, errorMessageProvider: failure });
    this.failure = failure;
  }

  // Places

  /** Where the next token starts. */
  protected get here(): number {
    return this.LA(1).startOffset;
  }

  /** From `start` to the end of the last token that was read. */
  protected spanFrom(start: number): Span {
    const last = this.LA(0);
    return { source: this.source, start, end: last.startOffset + last.image.length };
  }

  protected spanOf(token: IToken): Span {
    return { source: this.source, start: token.startOffset, end: token.startOffset + token.image.length };
  }

  protected nameOf(token: IToken): Name {
    return { kind: "name", text: token.image, span: this.spanOf(token) };
  }

  protected stringOf(token: IToken): StringLiteral {
    return { kind: "string", value: token.image.slice(1, -1), span: this.spanOf(token) };
  }

  /** A malformed number, which scan.ts has reported, comes out as a float. */
  protected numberOf(token: IToken): NumberLiteral {
    const text = token.image;
    const span = this.spanOf(token);
    return INTEGER.test(text) ? { kind: "integer", value: BigInt(text), text, span } : { kind: "float", text, span };
  }

  // Rules

  /** "expr" */
  readonly expression = this.RULE("expression", (): Expr => {
    return this.OR([
      { ALT: (): Expr => this.SUBRULE(this.letIn) },
      {
        ALT: (): Expr => {
          const start = this.here;
          const condition = this.SUBRULE(this.operatorChain, { ARGS: [lowestOf("||")] });
          const branches = this.OPTION(() => {
            this.CONSUME(T.Question);
            const whenTrue = this.SUBRULE(this.expression);
            this.CONSUME(T.Colon);
            return { whenTrue, whenFalse: this.SUBRULE2(this.expression) };
          });
          if (branches === undefined) return condition;
          return { kind: "conditional", condition, ...branches, span: this.spanFrom(start) };
        },
      },
    ]);
  });

  readonly letIn = this.RULE("letIn", (): Expr => {
    const start = this.here;
    this.CONSUME(T.LetWord);
    const names = this.OR([
      { ALT: (): readonly Name[] => [this.nameOf(this.CONSUME(T.Identifier))] },
      {
        ALT: (): readonly Name[] => {
          this.CONSUME(T.LeftParen);
          const list = this.SUBRULE(this.nameList);
          this.CONSUME(T.RightParen);
          return list;
        },
      },
    ]);
    this.CONSUME(T.Assign);
    const value = this.SUBRULE(this.expression);
    this.CONSUME(T.InWord);
    const body = this.SUBRULE2(this.expression);
    const span = this.spanFrom(start);
    return this.ACTION(() => ({ kind: "letIn", names: nonEmpty(names), value, body, span }));
  });

  readonly nameList = this.RULE("nameList", (): NonEmpty<Name> => {
    const names: Name[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => names.push(this.nameOf(this.CONSUME(T.Identifier))) });
    return nonEmpty(names);
  });

  readonly expressionList = this.RULE("expressionList", (): NonEmpty<Expr> => {
    const list: Expr[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => list.push(this.SUBRULE(this.expression)) });
    return nonEmpty(list);
  });

  /** "or", "and", "cmp", "add", "mul" in one; `lowest` says from which of them on. */
  readonly operatorChain = this.RULE("operatorChain", (lowest: Lowest): Expr => {
    const operands: Operand[] = [];
    const operators: IToken[] = [];
    const start = this.here;
    const first = this.SUBRULE(this.unary);
    operands.push({ expr: first, outer: this.spanFrom(start) });
    this.MANY({
      GATE: () => precedenceOf(this.LA(1).tokenType) >= lowest,
      DEF: () => {
        operators.push(this.CONSUME(T.BinaryOperator));
        const next = this.here;
        const operand = this.SUBRULE2(this.unary);
        operands.push({ expr: operand, outer: this.spanFrom(next) });
      },
    });
    return this.ACTION(() => (operators.length === 0 ? first : foldOperators(operands, operators, this.refuse)));
  });

  /** `-x ** 2` is `-(x ** 2)`, `2 ** -x` is allowed, and `a ** b ** c` is `a ** (b ** c)`. */
  readonly unary = this.RULE("unary", (): Expr => {
    const start = this.here;
    return this.OR([
      {
        ALT: (): Expr => {
          const operator: UnaryOperator = this.CONSUME(T.PrefixOperator).image === "-" ? "-" : "!";
          const operand = this.SUBRULE(this.unary);
          return { kind: "unary", operator, operand, span: this.spanFrom(start) };
        },
      },
      {
        ALT: (): Expr => {
          const left = this.SUBRULE(this.primary);
          const power = this.OPTION(() => {
            const operatorSpan = this.spanOf(this.CONSUME(T.Power));
            return { operatorSpan, right: this.SUBRULE2(this.unary) };
          });
          if (power === undefined) return left;
          return { kind: "binary", operator: "**", left, ...power, span: this.spanFrom(start) };
        },
      },
    ]);
  });

  readonly primary = this.RULE("primary", (): Expr => {
    const start = this.here;
    return this.OR([
      { ALT: (): Expr => this.SUBRULE(this.name) },
      {
        ALT: (): Expr => {
          const token = this.CONSUME(T.NumberText);
          return this.ACTION(() => this.numberOf(token));
        },
      },
      {
        ALT: (): Expr => {
          this.CONSUME(T.LeftParen);
          const list = this.SUBRULE(this.expressionList);
          this.CONSUME(T.RightParen);
          const span = this.spanFrom(start);
          return this.ACTION(() => (list.length === 1 ? list[0] : { kind: "tuple", elements: list, span }));
        },
      },
      { ALT: (): Expr => ({ kind: "boolean", value: true, span: this.spanOf(this.CONSUME(T.TrueWord)) }) },
      { ALT: (): Expr => ({ kind: "boolean", value: false, span: this.spanOf(this.CONSUME(T.FalseWord)) }) },
      { ALT: (): Expr => ({ kind: "constant", name: "inf", span: this.spanOf(this.CONSUME(T.InfWord)) }) },
      { ALT: (): Expr => ({ kind: "constant", name: "nan", span: this.spanOf(this.CONSUME(T.NanWord)) }) },
    ]);
  });

  readonly path = this.RULE("path", (): Path => {
    const start = this.here;
    const names: Name[] = [this.nameOf(this.CONSUME(T.Identifier))];
    this.MANY(() => {
      this.CONSUME(T.Dot);
      names.push(this.nameOf(this.CONSUME2(T.Identifier)));
    });
    return { kind: "path", names: nonEmpty(names), span: this.spanFrom(start) };
  });

  /** A path, a call, an access, or a reduction: `ID[…](…)`. */
  readonly name = this.RULE("name", (): Expr => {
    const start = this.here;
    const path = this.SUBRULE(this.path);
    const more = this.OPTION(() =>
      this.OR([
        {
          ALT: (): Expr => {
            const args = this.SUBRULE(this.args);
            const span = this.spanFrom(start);
            this.ACTION(() => refuseCallWithoutIndex(path, args, span, this.refuse));
            return { kind: "call", callee: path, args, span };
          },
        },
        { ALT: (): Expr => this.SUBRULE(this.subscripted, { ARGS: [path] }) },
      ]),
    );
    return more ?? path;
  });

  /** What follows the path of an access or a reduction. */
  readonly subscripted = this.RULE("subscripted", (path: Path): Expr => {
    this.CONSUME(T.LeftBracket);
    const subscripts = this.SUBRULE(this.subscriptList);
    const guard = this.OPTION(() => {
      const bar = this.CONSUME(T.Bar);
      return { bar: this.spanOf(bar), value: this.SUBRULE(this.expression) };
    });
    this.CONSUME(T.RightBracket);
    const more = this.OPTION2(() =>
      this.OR([
        {
          ALT: (): { readonly args: readonly Argument[] } | { readonly pad: PadRule } => ({
            args: this.SUBRULE(this.args),
          }),
        },
        {
          ALT: (): { readonly args: readonly Argument[] } | { readonly pad: PadRule } => {
            this.CONSUME(T.PadWord);
            return { pad: this.SUBRULE(this.padRule) };
          },
        },
      ]),
    );
    return this.ACTION((): Expr => {
      const span = this.spanFrom(path.span.start);
      if (more !== undefined && "args" in more) {
        return reductionOf(path, subscripts, guard?.value ?? null, more.args, span, this.refuse);
      }
      return accessOf(path, subscripts, guard ?? null, more?.pad ?? null, span, this.refuse);
    });
  });

  /** "binder"s: what stands between brackets, before it is known what the brackets are. */
  readonly subscriptList = this.RULE("subscriptList", (): NonEmpty<InitSubscript> => {
    const list: InitSubscript[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: T.Comma,
      DEF: () => {
        const start = this.here;
        const index = this.SUBRULE(this.expression);
        const range = this.OPTION(() => this.SUBRULE(this.inRange)) ?? null;
        list.push({ kind: "initSubscript", index, range, span: this.spanFrom(start) });
      },
    });
    return nonEmpty(list);
  });

  /** `in low..high`; the span is that of the range alone. */
  readonly inRange = this.RULE("inRange", (): Range => {
    this.CONSUME(T.InWord);
    const start = this.here;
    const low = this.SUBRULE(this.operatorChain, { ARGS: [lowestOf("+")] });
    this.CONSUME(T.RangeDots);
    const high = this.SUBRULE2(this.operatorChain, { ARGS: [lowestOf("+")] });
    return { kind: "range", low, high, span: this.spanFrom(start) };
  });

  /** `M in 0..67`, as in `test … for all` */
  readonly sizedName = this.RULE("sizedName", (): Binder & { readonly range: Range } => {
    const name = this.nameOf(this.CONSUME(T.Identifier));
    const range = this.SUBRULE(this.inRange);
    return { kind: "binder", name, range, span: this.spanFrom(name.span.start) };
  });

  readonly args = this.RULE("args", (): readonly Argument[] => {
    const list: Argument[] = [];
    this.CONSUME(T.LeftParen);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => list.push(this.SUBRULE(this.argument)) });
    this.CONSUME(T.RightParen);
    return list;
  });

  /** The one place that looks at two tokens: `name =` starts a named argument. */
  readonly argument = this.RULE("argument", (): Argument => {
    const start = this.here;
    const name = this.OPTION({
      GATE: () => this.LA(2).tokenType === T.Assign,
      DEF: () => {
        const token = this.CONSUME(T.Identifier);
        this.CONSUME(T.Assign);
        return this.nameOf(token);
      },
    });
    const value = this.OR([
      { ALT: (): Expr | StringLiteral => this.stringOf(this.CONSUME(T.StringText)) },
      { ALT: (): Expr | StringLiteral => this.SUBRULE(this.expression) },
    ]);
    return { kind: "argument", name: name ?? null, value, span: this.spanFrom(start) };
  });

  readonly padRule = this.RULE("padRule", (): PadRule => {
    const start = this.here;
    return this.OR([
      {
        ALT: (): PadRule => {
          const mode = this.CONSUME(T.PadMode).tokenType;
          const span = this.spanFrom(start);
          if (mode === T.EdgeWord) return { kind: "padMode", mode: "edge", span };
          return { kind: "padMode", mode: mode === T.WrapWord ? "wrap" : "mirror", span };
        },
      },
      {
        ALT: (): PadRule => {
          this.CONSUME(T.LeftParen);
          const value = this.SUBRULE(this.expression);
          this.CONSUME(T.RightParen);
          return { kind: "padValue", value, span: this.spanFrom(start) };
        },
      },
      {
        ALT: (): PadRule => {
          const minus = this.OPTION(() => this.CONSUME(T.Minus));
          const operand = this.OR2([
            {
              ALT: (): Expr => {
                const token = this.CONSUME(T.NumberText);
                return this.ACTION(() => this.numberOf(token));
              },
            },
            { ALT: (): Expr => ({ kind: "constant", name: "inf", span: this.spanOf(this.CONSUME(T.InfWord)) }) },
          ]);
          const span = this.spanFrom(start);
          const value: Expr = minus === undefined ? operand : { kind: "unary", operator: "-", operand, span };
          return { kind: "padValue", value, span };
        },
      },
    ]);
  });
}

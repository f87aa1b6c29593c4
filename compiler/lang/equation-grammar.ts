/**
 * Equations: `[let | rec] target = expr [init …] ;`. On the left of an equation indices are bound; on the left of an
 * `init` they may be fixed (`Hs[-1, n]`). Both are read by one rule, since the grammar cannot tell them apart, and are
 * told apart by the actions.
 */
import { spanText, type Span } from "../support/source.ts";
import type { Equation, Init, InitSubscript, InitTarget, Name, NonEmpty, Range, Target } from "./ast.ts";
import { ExpressionGrammar, nonEmpty } from "./expression-grammar.ts";
import { binderOf } from "./subscripted.ts";
import * as T from "./tokens.ts";

/** The left side of an equation or an `init`, before it is known which. */
type LeftSide = {
  readonly name: Name;
  readonly subscripts: readonly InitSubscript[];
  readonly dtype: Name | null;
  readonly range: Range | null;
  readonly span: Span;
};

export class EquationGrammar extends ExpressionGrammar {
  readonly equation = this.RULE("equation", (): Equation => {
    const start = this.here;
    const word = this.OPTION(() =>
      this.OR([{ ALT: () => this.CONSUME(T.LetWord) }, { ALT: () => this.CONSUME(T.RecWord) }]),
    );
    const role = word === undefined ? "output" : word.tokenType === T.LetWord ? "let" : "rec";
    const targets = this.SUBRULE(this.leftSides);
    this.CONSUME(T.Assign);
    const value = this.SUBRULE(this.expression);
    const inits: Init[] = [];
    this.OPTION2(() => {
      this.CONSUME(T.InitWord);
      this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => inits.push(this.SUBRULE(this.init)) });
    });
    this.CONSUME(T.Semicolon);
    const span = this.spanFrom(start);
    return this.ACTION(() => {
      const [first, ...rest] = targets;
      return {
        kind: "equation",
        role,
        targets: [this.targetOf(first), ...rest.map((t) => this.targetOf(t))],
        value,
        inits,
        span,
      };
    });
  });

  readonly init = this.RULE("init", (): Init => {
    const start = this.here;
    const targets = this.SUBRULE(this.leftSides);
    this.CONSUME(T.Assign);
    const value = this.SUBRULE(this.expression);
    const span = this.spanFrom(start);
    return this.ACTION(() => {
      const [first, ...rest] = targets;
      return {
        kind: "init",
        targets: [this.initTargetOf(first), ...rest.map((t) => this.initTargetOf(t))],
        value,
        span,
      };
    });
  });

  /** "target" */
  readonly leftSides = this.RULE("leftSides", (): NonEmpty<LeftSide> => {
    const list: LeftSide[] = [];
    this.OR([
      { ALT: () => list.push(this.SUBRULE(this.leftSide)) },
      {
        ALT: () => {
          this.CONSUME(T.LeftParen);
          this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => list.push(this.SUBRULE2(this.leftSide)) });
          this.CONSUME(T.RightParen);
        },
      },
    ]);
    return nonEmpty(list);
  });

  /** "lhs" */
  readonly leftSide = this.RULE("leftSide", (): LeftSide => {
    const name = this.nameOf(this.CONSUME(T.Identifier));
    const subscripts = this.OPTION(() => {
      this.CONSUME(T.LeftBracket);
      const list = this.SUBRULE(this.subscriptList);
      this.CONSUME(T.RightBracket);
      return list;
    });
    const type = this.OPTION2(() => {
      this.CONSUME(T.Colon);
      const dtype = this.nameOf(this.CONSUME2(T.Identifier));
      return { dtype, range: this.OPTION3(() => this.SUBRULE(this.inRange)) ?? null };
    });
    const { dtype, range } = type ?? { dtype: null, range: null };
    return { name, subscripts: subscripts ?? [], dtype, range, span: this.spanFrom(name.span.start) };
  });

  private targetOf({ name, subscripts, dtype, range, span }: LeftSide): Target {
    const binders = subscripts.map((s) => binderOf(s, `the left side of \`${name.text}\``, this.refuse));
    return { kind: "target", name, binders, dtype, range, span };
  }

  private initTargetOf({ name, subscripts, dtype, span }: LeftSide): InitTarget {
    if (dtype !== null) {
      this.refuse("E1002", {
        message: `\`init ${name.text}\` has the dtype of \`${name.text}\`; it takes none of its own`,
        span: dtype.span,
        help: [`remove \`: ${spanText(dtype.span)}\`, or write it after \`rec ${name.text}[…]\``],
      });
    }
    return { kind: "initTarget", name, subscripts, span };
  }
}

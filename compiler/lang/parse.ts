/**
 * From source text to syntax tree. Every mistake of a file is reported, and nothing here throws for any text: the file is
 * cut into statements first (statements.ts), each is read by one rule of the grammar, and a statement that fails
 * spoils its own declaration only. One message is given per failed statement; what is likely a mere consequence of a
 * word that was already reported is not.
 */
import type { IToken } from "chevrotain";
import type { Code } from "../support/codes.ts";
import type { DiagnosticInput, Diagnostics } from "../support/diagnostics.ts";
import { known } from "../support/invariant.ts";
import type { Source, Span } from "../support/source.ts";
import type { Declaration, Directive, Equation, Name, Program } from "./ast.ts";
import { docAbove } from "./doc-comments.ts";
import { Grammar } from "./grammar.ts";
import { explainStray, unclosedBody } from "./head-advice.ts";
import { BRACKET_LIMIT, CHAIN_LIMIT, findTooDeep, NESTING_LIMIT, type TooDeep } from "./nesting.ts";
import { isOf, tokenSpan } from "./parse-failure.ts";
import { assembleReducer } from "./reducer-body.ts";
import { scan, type Scan } from "./scan.ts";
import * as Cut from "./statements.ts";
import { explainFailure } from "./syntax-advice.ts";
import * as T from "./tokens.ts";

/** Reads a file. Whatever does not read is reported to `diagnostics` and left out of the program. */
export function parse(source: Source, diagnostics: Diagnostics): Program {
  return new Reading(source, scan(source, diagnostics), diagnostics).program();
}

/** Built at the first use: it costs some 15 ms. */
let grammar: Grammar | undefined;

/** What a rule made of a statement (null after a mistake), and the index of the token to go on with. */
type Read<N> = { readonly node: N | null; readonly next: number };

/** What a rule of the grammar does not know of a declaration. */
type Surroundings = { readonly doc: string | null; readonly span: Span };

/** One pass over the tokens of one source. */
class Reading {
  readonly #source: Source;
  readonly #tokens: readonly IToken[];
  readonly #scan: Scan;
  readonly #diagnostics: Diagnostics;
  readonly #grammar: Grammar;
  /** Index of the next token. */
  #at = 0;
  /** Grows with each mistake, also with one that is reported elsewhere. */
  #mistakes = 0;

  constructor(source: Source, scanned: Scan, diagnostics: Diagnostics) {
    this.#source = source;
    this.#tokens = scanned.tokens;
    this.#scan = scanned;
    this.#diagnostics = diagnostics;
    grammar ??= new Grammar();
    this.#grammar = grammar;
    this.#grammar.begin(source, (code, input) => this.#report(code, input));
  }

  program(): Program {
    const declarations: Declaration[] = [];
    const broken: Name[] = [];
    while (this.#at < this.#tokens.length) {
      const start = this.#at;
      if (!Cut.startsDeclaration(this.#tokens, start) && !Cut.DECLARATION_WORDS.has(this.#typeAt(start))) {
        this.#skipStray();
        continue;
      }
      const before = this.#mistakes;
      const declaration = this.#declaration();
      const isSound = this.#mistakes === before && !this.#hasFault(start, this.#at);
      if (declaration !== null && isSound) declarations.push(declaration);
      else broken.push(...this.#namesDeclaredAt(start));
    }
    const span: Span = { source: this.#source, start: 0, end: this.#source.text.length };
    return { kind: "program", source: this.#source, declarations, broken, comments: this.#scan.comments, span };
  }

  // Declarations

  #declaration(): Declaration | null {
    const first = this.#at;
    const word = this.#typeAt(first) === T.ExportWord ? first + 1 : first;
    if (word > first) this.#checkExport(word);
    switch (this.#typeAt(word)) {
      case T.ImportWord:
        return this.#simple(first, () => this.#grammar.importDeclaration());
      case T.FnWord:
        return this.#simple(first, () => this.#grammar.fnDeclaration());
      case T.DeriveWord:
        return this.#simple(first, () => this.#grammar.deriveDeclaration());
      case T.TestWord:
        return this.#simple(first, () => this.#grammar.testDeclaration());
      case T.ReducerWord: {
        const head = this.#head(() => this.#grammar.reducerHead());
        const clauses = this.#body(head.hasBody, () => this.#grammar.reducerClause());
        if (head.node === null || clauses === null) return null;
        const whole = assembleReducer(head.node, clauses, (code, input) => this.#report(code, input));
        return whole && { ...whole, ...this.#surroundings(first) };
      }
      case T.ScheduleWord: {
        const head = this.#head(() => this.#grammar.scheduleHead());
        const directives = this.#body<Directive>(head.hasBody, () => this.#grammar.directive());
        return head.node && directives && { ...head.node, directives, ...this.#surroundings(first) };
      }
      default: {
        // A kernel; or `export` before something that is none, which the rule of the kernel refuses.
        const head = this.#head(() => this.#grammar.kernelHead());
        const equations = this.#body<Equation>(head.hasBody, () => this.#grammar.equation());
        return head.node && equations && { ...head.node, equations, ...this.#surroundings(first) };
      }
    }
  }

  /** Refuses to export what has no name of its own, and goes on without the `export`. */
  #checkExport(word: number): void {
    const token = this.#tokens[word];
    if (!isOf(token, T.ImportWord, T.TestWord, T.ScheduleWord)) return;
    this.#at = word;
    this.#report("E1002", {
      message: `\`${token.image}\` is not exported; fn, reducer, kernel and derive are`,
      span: tokenSpan(this.#source, token),
      help: ["remove `export`"],
    });
  }

  /** The comment above and the place of the declaration that started at `first` and ends here. */
  #surroundings(first: number): Surroundings {
    const start = known(this.#tokens[first], "first token").startOffset;
    const span: Span = { source: this.#source, start, end: this.#endOffset(this.#at) };
    return { doc: docAbove(this.#source, this.#scan.comments, start), span };
  }

  /** A declaration without a body. After an error the rest up to the next declaration is skipped. */
  #simple<H extends object>(first: number, rule: () => H): (H & Surroundings) | null {
    const read = this.#read(rule, Cut.endOfDeclaration(this.#tokens, first));
    const past = Math.max(first + 1, read.next);
    this.#at = read.node === null ? Cut.nextDeclaration(this.#tokens, past) : past;
    return read.node && { ...read.node, ...this.#surroundings(first) };
  }

  /** The head of a declaration; where it has no body, the rest up to the next declaration is skipped. */
  #head<H>(rule: () => H): { readonly node: H | null; readonly hasBody: boolean } {
    const end = Cut.endOfHead(this.#tokens, this.#at);
    const hasBody = this.#typeAt(end - 1) === T.LeftBrace;
    const { node } = this.#read(rule, end);
    this.#at = hasBody ? end : Cut.nextDeclaration(this.#tokens, Math.max(end, this.#at + 1));
    return { node, hasBody };
  }

  /** The statements up to the closing brace; null if one of them, or the brace, is missing. */
  #body<S>(isThere: boolean, rule: () => S): readonly S[] | null {
    if (!isThere) return null;
    const brace = this.#at - 1;
    const before = this.#mistakes;
    const statements: S[] = [];
    while (this.#typeAt(this.#at) !== T.RightBrace) {
      if (this.#at >= this.#tokens.length || Cut.startsDeclaration(this.#tokens, this.#at)) {
        if (!this.#hasFault(this.#at - 1, this.#at))
          this.#report(...unclosedBody(this.#source, this.#tokens, brace, this.#at));
        return null;
      }
      const read = this.#read(rule, Cut.endOfStatement(this.#tokens, this.#at));
      if (read.node !== null) statements.push(read.node);
      this.#at = Math.max(this.#at + 1, read.next);
    }
    this.#at++;
    return this.#mistakes === before ? statements : null;
  }

  // Statements

  /** Reads the tokens up to `end` by a rule that must use all of them. */
  #read<N>(rule: () => N, end: number): Read<N> {
    const first = this.#at;
    const tooDeep = findTooDeep(this.#tokens, first, end);
    if (tooDeep !== null) {
      this.#reportTooDeep(tooDeep);
      return { node: null, next: end };
    }
    this.#grammar.input = this.#tokens.slice(first, end);
    const node = rule();
    const failure = this.#grammar.errors[0];
    if (failure === undefined) return { node, next: end };
    if (this.#hasFault(first, end)) {
      this.#mistakes++;
      return { node: null, next: end };
    }
    const offset = this.#grammar.input.indexOf(failure.token);
    const { code, input, resumeHere } = explainFailure({
      source: this.#source,
      tokens: this.#tokens,
      first,
      at: offset < 0 ? end : first + offset,
      rules: failure.context.ruleStack,
      expected: this.#grammar.failure.expected,
    });
    this.#report(code, input);
    return { node: null, next: resumeHere && offset > 0 ? first + offset : end };
  }

  #reportTooDeep({ token, kind }: TooDeep): void {
    const [name, split] = [
      "name the inner parts with let equations",
      "split it with let equations, or write a reduction: sum[k](…)",
    ];
    const words: Readonly<Record<TooDeep["kind"], readonly [message: string, help: string]>> = {
      brackets: [`more than ${BRACKET_LIMIT} brackets are open here`, name],
      nesting: [`this is nested more than ${NESTING_LIMIT} levels deep`, name],
      chain: [`this expression chains more than ${CHAIN_LIMIT} operators`, split],
    };
    const [message, help] = words[kind];
    this.#report("E1003", { message, span: tokenSpan(this.#source, token), help: [help] });
  }

  /** Text between declarations that belongs to none. */
  #skipStray(): void {
    const first = this.#at;
    this.#at = this.#typeAt(first) === T.RightBrace ? first + 1 : Cut.endOfStatement(this.#tokens, first);
    if (this.#hasFault(first, this.#at)) return;
    this.#report(...explainStray(this.#source, this.#tokens, first));
  }

  // Places

  #typeAt(index: number): IToken["tokenType"] {
    return this.#tokens[index]?.tokenType ?? END;
  }

  /** Where the token before `index` ends. */
  #endOffset(index: number): number {
    const token = this.#tokens[index - 1];
    return token === undefined ? 0 : token.startOffset + token.image.length;
  }

  /** Whether scan.ts reported a word in these tokens, or in the text between them and their neighbours. */
  #hasFault(from: number, to: number): boolean {
    const start = this.#endOffset(from);
    const end = this.#tokens[to]?.startOffset ?? Infinity;
    const { faults } = this.#scan;
    let low = 0;
    let high = faults.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((faults[middle] ?? Infinity) < start) low = middle + 1;
      else high = middle;
    }
    return (faults[low] ?? Infinity) < end;
  }

  /** The names that a declaration would have brought. */
  #namesDeclaredAt(first: number): readonly Name[] {
    const word = this.#typeAt(first) === T.ExportWord ? first + 1 : first;
    const type = this.#typeAt(word);
    if (type === T.TestWord || type === T.ScheduleWord) return [];
    const names: Name[] = [];
    const end = type === T.ImportWord ? Cut.endOfDeclaration(this.#tokens, first) : word + 2;
    for (const token of this.#tokens.slice(word + 1, end)) {
      if (token.tokenType === T.RightBrace || token.tokenType === T.FromWord) break;
      if (!isOf(token, T.Identifier)) continue;
      names.push({ kind: "name", text: token.image, span: tokenSpan(this.#source, token) });
    }
    return names;
  }

  #report(code: Code, input: DiagnosticInput): void {
    this.#mistakes++;
    this.#diagnostics.report(code, input);
  }
}

/** Stands for the type of a token past the end. */
const END = { name: "end" } as const;

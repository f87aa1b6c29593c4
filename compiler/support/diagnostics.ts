/**
 * Diagnostics: what Einkorn says when a program cannot be accepted. They are values that every stage collects, so that
 * one run reports every mistake of a file; nothing in the front end throws for user text. Rendering is in
 * render-diagnostic.ts, the codes are in codes.ts.
 */
import type { Code, Severity } from "./codes.ts";
import { CODES } from "./codes.ts";
import type { Span } from "./source.ts";

/** A second place that explains the first. */
export type Related = { readonly span: Span; readonly message: string };

export type Diagnostic = {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence in the user's words, with the values; no final full stop. */
  readonly message: string;
  /** Null only where no text is at fault (command line, data files, devices). */
  readonly span: Span | null;
  /** Written under the carets: what exactly is wanted here. */
  readonly label?: string;
  readonly related: readonly Related[];
  /** Lines after `=`: facts used, counterexamples. */
  readonly notes: readonly string[];
  /** At most two ways out, each starting with a verb. */
  readonly help: readonly string[];
  /** The function, kernel or reducer that nothing here declares: who knows libraries can say where it is. */
  readonly missing?: string;
};

/** What a caller may leave out. The severity comes from the table of codes. */
export type DiagnosticInput = Pick<Diagnostic, "message" | "span"> &
  Partial<Pick<Diagnostic, "related" | "notes" | "help" | "missing">> & { readonly label?: string | undefined };

/** Builds a diagnostic; its severity is that of its code. */
export function diagnostic(code: Code, input: DiagnosticInput): Diagnostic {
  const { label, ...rest } = input;
  const severity: Severity = CODES[code].severity;
  const base = { related: [], notes: [], help: [], ...rest, code, severity };
  return label === undefined ? base : { ...base, label };
}

/** An ordered collection; the same code at the same place is kept once. */
export class Diagnostics {
  readonly #list: Diagnostic[] = [];
  readonly #seen = new Set<string>();

  report(code: Code, input: DiagnosticInput): void {
    this.add(diagnostic(code, input));
  }

  add(d: Diagnostic): void {
    const key = `${d.code}@${d.span === null ? d.message : `${d.span.source.name}:${d.span.start}-${d.span.end}`}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#list.push(d);
  }

  /** Says some of them in other words, the same code at the same place. */
  reword(other: (d: Diagnostic) => Pick<Diagnostic, "help">): void {
    for (const [n, d] of this.#list.entries()) this.#list[n] = { ...d, ...other(d) };
  }

  get list(): readonly Diagnostic[] {
    return this.#list;
  }

  get hasErrors(): boolean {
    return this.#list.some((d) => d.severity === "error");
  }
}

/** Thrown by the library's public functions, which have no other way to refuse; it carries what was collected. */
export class EinkornError extends Error {
  override readonly name = "EinkornError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
    this.diagnostics = diagnostics;
  }

  get code(): Code | undefined {
    return this.diagnostics[0]?.code;
  }
}

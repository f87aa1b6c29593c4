/**
 * The declarations of a file by name: kernels, fns, reducers, and what is known by name only (imports, derived kernels,
 * declarations that a syntax error spoiled). Built-in names cannot be declared again.
 */
import { diagnostic } from "../../support/diagnostics.ts";
import type { Diagnostic, Diagnostics } from "../../support/diagnostics.ts";
import type { Span } from "../../support/source.ts";
import type * as Ast from "../ast.ts";
import { BUILTINS, builtinReduction } from "../builtins.ts";

export type FunctionEntity =
  | { readonly kind: "kernel"; readonly node: Ast.Kernel; readonly span: Span }
  | { readonly kind: "fn"; readonly node: Ast.Fn; readonly span: Span }
  | { readonly kind: "reducer"; readonly node: Ast.Reducer; readonly span: Span }
  /** Named in the file, but refused or broken: that has been reported, so its uses are silent. */
  | { readonly kind: "unusable"; readonly span: Span; readonly reason: Diagnostic | null };

export type ProgramTable = {
  readonly functions: ReadonlyMap<string, FunctionEntity>;
  /** What was wrong with a kernel by itself: its calls say that, and no more. Filled in by check-program.ts. */
  readonly wrong: Map<string, readonly Diagnostic[]>;
};

/** Collects the declared names; a second declaration of one is an error. */
export function tabulate(program: Ast.Program, diagnostics: Diagnostics): ProgramTable {
  const functions = new Map<string, FunctionEntity>();
  const declare = (name: Ast.Name, entity: FunctionEntity): void => {
    if (!isFree(name, functions, diagnostics)) return;
    functions.set(name.text, entity);
  };
  for (const name of program.broken) functions.set(name.text, { kind: "unusable", span: name.span, reason: null });
  for (const d of program.declarations) {
    switch (d.kind) {
      case "kernel":
        declare(d.name, { kind: "kernel", node: d, span: d.name.span });
        break;
      case "fn":
        declare(d.name, { kind: "fn", node: d, span: d.name.span });
        break;
      case "reducer":
        declare(d.name, { kind: "reducer", node: d, span: d.name.span });
        break;
      case "derive":
        declare(d.name, { kind: "unusable", span: d.name.span, reason: refuseDerive(d, diagnostics) });
        break;
      case "import":
        declareImport(d, diagnostics, declare);
        break;
      case "test":
      case "schedule":
        break;
      default:
        d satisfies never;
    }
  }
  return { functions, wrong: new Map() };
}

function isBuiltin(name: Ast.Name): boolean {
  return BUILTINS.has(name.text) || builtinReduction(name.text) !== null;
}

function isFree(name: Ast.Name, functions: Map<string, FunctionEntity>, diagnostics: Diagnostics): boolean {
  const before = functions.get(name.text);
  if (before !== undefined) {
    if (before.kind !== "unusable")
      diagnostics.report("E2004", {
        span: name.span,
        message: `\`${name.text}\` is declared twice in this file`,
        related: [{ span: before.span, message: "declared here first" }],
        help: ["rename one of them"],
      });
    return false;
  }
  if (isBuiltin(name)) {
    diagnostics.report("E2004", {
      span: name.span,
      message: `\`${name.text}\` is built in and cannot be declared again`,
      help: ["choose another name"],
    });
    return false;
  }
  return true;
}

function refuseDerive(d: Ast.Derive, diagnostics: Diagnostics): Diagnostic {
  const reason = diagnostic("E2051", {
    span: d.transform.span,
    message: `derived kernels are not built yet: \`${d.name.text} = ${d.transform.text}(…)\``,
    help: ["write the kernel out in equations for now"],
  });
  diagnostics.add(reason);
  return reason;
}

function declareImport(
  d: Ast.Import,
  diagnostics: Diagnostics,
  declare: (name: Ast.Name, entity: FunctionEntity) => void,
): void {
  // std re-exports built-ins, so an import of built-in names alone asks for nothing that is missing.
  const isStd = d.from.value.startsWith("std/");
  const missing = d.names.filter((n) => !isStd || !isBuiltin(n));
  if (missing.length === 0) return;
  const reason = diagnostic("E2050", {
    span: d.from.span,
    message: `importing is not built yet: \`${missing.map((n) => n.text).join("`, `")}\` from "${d.from.value}"`,
    help: ["copy the declarations into this file for now"],
  });
  diagnostics.add(reason);
  for (const n of missing) if (!isBuiltin(n)) declare(n, { kind: "unusable", span: n.span, reason });
}

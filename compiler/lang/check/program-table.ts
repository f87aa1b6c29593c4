/**
 * The declarations of one file by name: kernels, fns, reducers, what it imports, and what is known by name only (derived
 * kernels, declarations that an error spoiled). Each file has a table of its own, and a declaration knows its table: its
 * text is judged by the names of the file that it stands in, wherever it is called. Built-in names cannot be declared
 * again, and importing one from std means the built-in.
 */
import { diagnostic } from "../../support/diagnostics.ts";
import type { Diagnostic, Diagnostics } from "../../support/diagnostics.ts";
import type { Source, Span } from "../../support/source.ts";
import { didYouMean } from "../../support/typos.ts";
import type * as Ast from "../ast.ts";
import { BUILTINS, builtinReduction } from "../builtins.ts";
import { isStandardModule } from "../module-names.ts";

/** `span` is where this file names it: its declaration, or the import. */
export type FunctionEntity = { readonly span: Span } & (
  | { readonly kind: "kernel"; readonly node: Ast.Kernel; readonly home: ProgramTable }
  | { readonly kind: "fn"; readonly node: Ast.Fn; readonly home: ProgramTable }
  | { readonly kind: "reducer"; readonly node: Ast.Reducer; readonly home: ProgramTable }
  /** Named in the file, but refused or broken: that has been reported, so its uses are silent. */
  | { readonly kind: "unusable"; readonly exported: boolean; readonly reason: Diagnostic | null }
);

export type KernelEntity = Extract<FunctionEntity, { kind: "kernel" }>;
export type FnEntity = Extract<FunctionEntity, { kind: "fn" }>;
export type ReducerEntity = Extract<FunctionEntity, { kind: "reducer" }>;

export type ProgramTable = {
  readonly source: Source;
  readonly functions: ReadonlyMap<string, FunctionEntity>;
  /** What was wrong with a declaration of this file by itself: its calls say that, and no more. Filled in by check-program.ts. */
  readonly wrong: Map<Ast.Kernel | Ast.Fn, readonly Diagnostic[]>;
};

/**
 * The table of the file that an import leads to; null where it leads nowhere, which has been reported, undefined where
 * nobody has read what the file imports.
 */
export type Imports = ReadonlyMap<Ast.Import, ProgramTable | null>;

/** Collects the declared names; a second declaration of one is an error. `isRoot`: not read for an import. */
export function tabulate(
  program: Ast.Program,
  imports: Imports,
  isRoot: boolean,
  diagnostics: Diagnostics,
): ProgramTable {
  const functions = new Map<string, FunctionEntity>();
  const table: ProgramTable = { source: program.source, functions, wrong: new Map() };
  const declare = (name: Ast.Name, entity: FunctionEntity): void => {
    if (!isFree(name, functions, diagnostics)) return;
    functions.set(name.text, entity);
  };
  for (const { text, span } of program.broken)
    functions.set(text, { kind: "unusable", exported: true, span, reason: null });
  for (const d of program.declarations) {
    switch (d.kind) {
      case "kernel":
        declare(d.name, { kind: "kernel", node: d, span: d.name.span, home: table });
        break;
      case "fn":
        declare(d.name, { kind: "fn", node: d, span: d.name.span, home: table });
        break;
      case "reducer":
        declare(d.name, { kind: "reducer", node: d, span: d.name.span, home: table });
        break;
      case "derive": {
        const reason = refuseDerive(d);
        if (isRoot) diagnostics.add(reason);
        declare(d.name, { kind: "unusable", exported: d.exported, span: d.name.span, reason });
        break;
      }
      case "import":
        declareImport(d, imports.get(d), functions, diagnostics);
        break;
      case "test":
      case "schedule":
        break;
      default:
        d satisfies never;
    }
  }
  return table;
}

function isBuiltin(name: Ast.Name): boolean {
  return BUILTINS.has(name.text) || builtinReduction(name.text) !== null;
}

function isFree(name: Ast.Name, functions: Map<string, FunctionEntity>, diagnostics: Diagnostics): boolean {
  const before = functions.get(name.text);
  if (before !== undefined) {
    if (before.kind !== "unusable") {
      const isImported = before.home.source !== name.span.source;
      diagnostics.report("E2004", {
        span: name.span,
        message: isImported
          ? `\`${name.text}\` is imported, and declared in this file as well`
          : `\`${name.text}\` is declared twice in this file`,
        related: [{ span: before.span, message: isImported ? "imported here" : "declared here first" }],
        help: [isImported ? "rename it here, or do not import the other" : "rename one of them"],
      });
    }
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

function refuseDerive(d: Ast.Derive): Diagnostic {
  return diagnostic("E2051", {
    span: d.transform.span,
    message: `derived kernels are not built yet: \`${d.name.text} = ${d.transform.text}(…)\``,
    help: ["write the kernel out in equations for now"],
  });
}

// ---- imports ----

function declareImport(
  d: Ast.Import,
  from: ProgramTable | null | undefined,
  functions: Map<string, FunctionEntity>,
  diagnostics: Diagnostics,
): void {
  if (from === undefined)
    diagnostics.report("E6141", {
      span: d.from.span,
      message: `nobody was asked for "${d.from.value}": this text is read by itself`,
      help: ["copy the declarations into this file"],
    });
  const seen = new Map<string, Ast.Name>();
  for (const name of d.names) {
    const before = seen.get(name.text) ?? null;
    seen.set(name.text, name);
    if (!mayImport(name, before, functions, diagnostics)) continue;
    // std re-exports what is built in: the name keeps its meaning.
    if (isBuiltin(name) && isStandardModule(d.from.value)) continue;
    const entity = from == null ? undefined : exportedBy(from, name, d.from.value, diagnostics);
    // A built-in needs no import; where it was refused, its uses still have their meaning.
    if (isBuiltin(name)) continue;
    functions.set(
      name.text,
      entity === undefined
        ? { kind: "unusable", exported: false, span: name.span, reason: null }
        : { ...entity, span: name.span },
    );
  }
}

/** Reports a name that is imported twice, or that the file declares above the import. */
function mayImport(
  name: Ast.Name,
  inThisImport: Ast.Name | null,
  functions: Map<string, FunctionEntity>,
  diagnostics: Diagnostics,
): boolean {
  const known = functions.get(name.text);
  const before = inThisImport?.span ?? known?.span;
  if (before === undefined) return true;
  if (inThisImport === null && known?.kind === "unusable") return false;
  const isDeclared = known !== undefined && known.kind !== "unusable" && known.home.source === name.span.source;
  diagnostics.report("E2004", {
    span: name.span,
    message: `\`${name.text}\` is ${isDeclared ? "declared in this file, and imported as well" : "imported twice"}`,
    related: [{ span: before, message: isDeclared ? "declared here" : "imported here first" }],
    help: [isDeclared ? "rename it here, or do not import the other" : "remove one of them"],
  });
  return false;
}

/** What the file gives under that name; undefined after a report. */
function exportedBy(
  from: ProgramTable,
  name: Ast.Name,
  specifier: string,
  diagnostics: Diagnostics,
): FunctionEntity | undefined {
  const entity = from.functions.get(name.text);
  if (entity?.kind === "unusable" && entity.exported) {
    const { reason } = entity;
    if (reason === null) return entity;
    const here = { ...reason, related: [...reason.related, { span: name.span, message: "imported here" }] };
    diagnostics.add(here);
    return { ...entity, reason: here };
  }
  if (entity === undefined || entity.kind === "unusable" || entity.home !== from) {
    reportMissing(from, name, specifier, entity, diagnostics);
    return undefined;
  }
  if (entity.node.exported) return entity;
  diagnostics.report("E2071", {
    span: name.span,
    message: `\`${name.text}\` is not exported by "${specifier}"`,
    related: [{ span: entity.span, message: "declared here, for this file alone" }],
    help: [`write export ${entity.kind} ${name.text} there`],
  });
  return undefined;
}

/** More names than these are not listed. */
const LISTED = 8;

function reportMissing(
  from: ProgramTable,
  name: Ast.Name,
  specifier: string,
  entity: FunctionEntity | undefined,
  diagnostics: Diagnostics,
): void {
  if (isBuiltin(name)) {
    diagnostics.report("E2071", {
      span: name.span,
      message: `\`${name.text}\` is built in, and "${specifier}" has nothing of that name`,
      help: ["remove it from the import: what is built in is there without one"],
    });
    return;
  }
  const exported = exportedNames(from);
  const near = didYouMean(name.text, exported);
  const rest = exported.length > LISTED ? ", …" : "";
  const list =
    exported.length === 0 ? "it exports nothing" : `it exports ${exported.slice(0, LISTED).join(", ")}${rest}`;
  diagnostics.report("E2071", {
    span: name.span,
    message: `"${specifier}" exports no \`${name.text}\``,
    related: entity === undefined ? [] : [{ span: entity.span, message: "it imports the name itself" }],
    notes: near === null && entity === undefined ? [list] : [],
    help:
      near !== null
        ? [`did you mean ${near} ?`]
        : entity === undefined
          ? []
          : ["import it from where it is declared: imports are not passed on"],
  });
}

/** In source order. */
function exportedNames(from: ProgramTable): readonly string[] {
  return [...from.functions].flatMap(([name, f]) =>
    f.kind !== "unusable" && f.home === from && f.node.exported ? [name] : [],
  );
}

/**
 * What a file needs of the files that it imports: the names that it imports, and what these call. Nothing else of an
 * imported file is checked for it, so that importing one kernel of a large library costs one kernel.
 */
import type { Diagnostics } from "../../support/diagnostics.ts";
import type * as Ast from "../ast.ts";
import { isStandardModule } from "../module-names.ts";
import { expressionsOf, mentionsOf } from "./ast-names.ts";
import type { FunctionEntity, ProgramTable } from "./program-table.ts";

export type Callable = Ast.Kernel | Ast.Fn | Ast.Reducer;

type Parts = {
  readonly called: readonly string[];
  readonly calls: readonly Ast.Call[];
  readonly expressions: number;
};

const parts = new WeakMap<Callable, Parts>();

/** What a declaration is made of: the calls in it, and the number of its expressions. */
export function partsOf(node: Callable): Parts {
  let found = parts.get(node);
  if (found === undefined) {
    const { callees, reducers, calls, expressions } = mentionsOf(textOf(node));
    found = { called: [...new Set([...callees, ...reducers])], calls, expressions };
    parts.set(node, found);
  }
  return found;
}

/** The functions, kernels and reducers that the declaration mentions, built in or not. */
export function calledBy(node: Callable): readonly string[] {
  return partsOf(node).called;
}

function textOf(node: Callable): readonly Ast.Expr[] {
  const defaults = node.generics.flatMap((g) => (g.defaultValue === null ? [] : [g.defaultValue]));
  switch (node.kind) {
    case "fn":
      return [...defaults, node.body];
    case "reducer":
      return [...defaults, node.identity, node.lift, node.combine.value];
    case "kernel": {
      const types = [...node.params, ...node.outputs].map((p) => p.type);
      const ranges = types.flatMap(({ range }) => (range === null ? [] : [range.low, range.high]));
      const heads = [...types.flatMap((t) => t.shape), ...ranges, ...node.where];
      return [...defaults, ...heads, ...node.equations.flatMap(expressionsOf)];
    }
    default:
      return node satisfies never;
  }
}

/** Everything that the file declares or imports, and all that these lead to, in whatever file. */
export function neededBy(table: ProgramTable): ReadonlySet<Callable> {
  const needed = new Set<Callable>();
  const open: FunctionEntity[] = [...table.functions.values()];
  for (let f = open.pop(); f !== undefined; f = open.pop()) {
    if (f.kind === "unusable" || needed.has(f.node)) continue;
    needed.add(f.node);
    for (const name of calledBy(f.node)) {
      const next = f.home.functions.get(name);
      if (next !== undefined) open.push(next);
    }
  }
  return needed;
}

/** Warns of imported names that the file never uses; what was refused is not used for that reason. */
export function warnOfUnused(program: Ast.Program, table: ProgramTable, diagnostics: Diagnostics): void {
  const imports = program.declarations.filter((d) => d.kind === "import");
  if (imports.length === 0) return;
  const used = new Set<string>();
  for (const d of program.declarations) {
    if (d.kind === "fn" || d.kind === "reducer" || d.kind === "kernel") for (const n of calledBy(d)) used.add(n);
    if (d.kind === "test" || d.kind === "schedule") used.add(d.kernel.text);
    if (d.kind === "derive") for (const a of d.args) if (a.value.kind === "path") used.add(a.value.names[0].text);
  }
  for (const { names, from } of imports) {
    for (const name of names) {
      const entity = table.functions.get(name.text);
      // Without an entity it is built in, which std alone re-exports.
      const isRefused =
        entity === undefined ? !isStandardModule(from.value) : entity.kind === "unusable" || entity.span !== name.span;
      if (used.has(name.text) || isRefused) continue;
      diagnostics.report("W2070", {
        span: name.span,
        message: `\`${name.text}\` is imported and not used`,
        help: ["remove it from the import"],
      });
    }
  }
}

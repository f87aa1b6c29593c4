/** A program of loops as pseudo code: the buffers, then each nest, one statement per line. */
import { unreachable } from "../support/invariant.ts";
import type { Expr } from "./expr.ts";
import type { Accum, Buffer, For, LoopKind, LoopProgram, Stmt } from "./loops.ts";
import type { Names } from "./print-expr.ts";
import { bindName, bindNames, nameOf, printExpr, printRange } from "./print-expr.ts";

export type PrintLoopsOptions = {
  /** Says behind each loop whose axis it is and who made it. */
  readonly origins?: boolean;
};

export function printLoops(program: LoopProgram, options: PrintLoopsOptions = {}): string {
  const names = bindNames(new Map(), [...program.dims, ...program.buffers]);
  const dims = program.dims.map((d) => nameOf(names, d.id)).join(", ");
  const lines = [
    `loops ${program.kernel}(${dims})`,
    ...program.buffers.map((b) => `  ${b.space} ${printBuffer(b, names)}`),
    ...program.nests.flatMap((nest) => [
      `nest ${nest.stage}${nest.independent > 0 ? `, ${nest.independent} independent` : ""}`,
      ...printStmt(nest.body, names, "  ", options),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** `acc: f32[4]`; a dim that does not start at 0 is written `lo..+extent`. */
function printBuffer(b: Buffer, names: Names): string {
  const shape = b.extent.map((extent, d) => {
    const lo = b.lo[d];
    const fromZero = lo === undefined || (lo.kind === "const" && lo.value === 0n);
    return fromZero ? printExpr(extent, names) : `${printExpr(lo, names)}..+${printExpr(extent, names)}`;
  });
  return `${nameOf(names, b.id)}: ${b.dtype}${shape.length > 0 ? `[${shape.join(", ")}]` : ""}`;
}

function loopWord(kind: LoopKind): string {
  if (kind.kind === "serial") return "for";
  return kind.kind === "vector" ? `vector<${kind.width}>` : kind.kind;
}

function printStmt(s: Stmt, names: Names, margin: string, options: PrintLoopsOptions): readonly string[] {
  const deeper = `${margin}  `;
  switch (s.kind) {
    case "for":
      return printFor(s, names, margin, options);
    case "seq":
      return s.body.flatMap((inner) => printStmt(inner, names, margin, options));
    case "if": {
      const then = [`${margin}if ${printExpr(s.cond, names)}`, ...printStmt(s.then, names, deeper, options)];
      if (s.otherwise === null) return then;
      return [...then, `${margin}else`, ...printStmt(s.otherwise, names, deeper, options)];
    }
    case "alloc": {
      const inner = bindName(names, s.buffer.id, s.buffer.name);
      return [
        `${margin}${s.buffer.space} ${printBuffer(s.buffer, inner)}`,
        ...printStmt(s.body, inner, margin, options),
      ];
    }
    case "store":
      return [`${margin}${printPlace(s.buffer, s.index, names)} = ${printExpr(s.value, names)}`];
    case "accum":
      return [`${margin}${printAccum(s, names)}`];
    default:
      return unreachable(s);
  }
}

function printFor(s: For, names: Names, margin: string, options: PrintLoopsOptions): readonly string[] {
  const inner = bindName(names, s.variable.id, s.variable.name);
  const origin = options.origins === true ? `  // ${s.origin.stage}.${s.origin.axis}: ${s.origin.by}` : "";
  const head = `${loopWord(s.loop)} ${nameOf(inner, s.variable.id)} in ${printRange(s.lo, s.hi, names)}`;
  return [`${margin}${head}${origin}`, ...printStmt(s.body, inner, `${margin}  `, options)];
}

function printPlace(buffer: string, index: readonly Expr[], names: Names): string {
  const subscripts = index.length > 0 ? `[${index.map((e) => printExpr(e, names)).join(", ")}]` : "";
  return `${nameOf(names, buffer)}${subscripts}`;
}

function tuple(list: readonly string[]): string {
  return list.length === 1 ? list.join("") : `(${list.join(", ")})`;
}

/** `acc sum= A[i, k] * B[k, j] if k <= i`; partial results: `acc sum merge= part[l]`. */
function printAccum(s: Accum, names: Names): string {
  const targets = tuple(s.targets.map((t) => printPlace(t.buffer, t.index, names)));
  const args = tuple(s.args.map((e) => printExpr(e, names)));
  const guard = s.guard === null ? "" : ` if ${printExpr(s.guard, names)}`;
  return `${targets} ${s.reducer.name}${s.merge ? " merge" : ""}= ${args}${guard}`;
}

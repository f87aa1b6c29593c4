/** What `explain` says of cost and memory: numbers where all dims are given, expressions over them otherwise. */
import type { Count } from "../../compiler/analysis/cost.ts";
import { costOf } from "../../compiler/analysis/cost.ts";
import type { Kernel } from "../../compiler/ir/equations.ts";
import { tensorsOf } from "../../compiler/ir/equations.ts";
import type { Expr } from "../../compiler/ir/expr.ts";
import { add, index, mul } from "../../compiler/ir/expr.ts";
import { byteLength, DTYPES } from "../../compiler/ir/dtype.ts";
import type { MachineBuffer, MachineProgram } from "../../compiler/ir/machine.ts";
import { bindNames, printExpr } from "../../compiler/ir/print-expr.ts";
import type { Names } from "../../compiler/ir/print-expr.ts";
import { lifetimesOf } from "../../compiler/passes/machine/plan-memory.ts";
import { simplifyExpr } from "../../compiler/passes/simplify.ts";
import { abiOf } from "../../targets/shared/abi.ts";
import { bufferBytes, layoutArena } from "../../targets/shared/arena-layout.ts";
import { table } from "./report.ts";

/** Operations of each stage, operations and bytes of the whole, and their ratio. */
export function costText(kernel: Kernel): string {
  const names = bindNames(new Map(), kernel.dims);
  const label = outputLabels(kernel);
  const cost = costOf(kernel);
  const rows = cost.stages.map((s) => [label(s.stage), countText(s.points, names), countText(s.operations, names)]);
  const bytes = simplifyExpr(add(cost.bytesIn, cost.bytesOut));
  return [
    ...table([["stage", "points", "operations"], ...rows]),
    "",
    `operations: ${countText(cost.operations, names)}`,
    `bytes that cross memory at least: ${text(bytes, names)} (${text(cost.bytesIn, names)} in, ${text(cost.bytesOut, names)} out)`,
    `operations for each byte: ${intensity(cost.operations, bytes, names)}`,
  ].join("\n");
}

/** A stage by its name; one that is an output and has another name, as `P = softmax(X)` has, by both. */
export function outputLabels(kernel: Kernel): (stage: string) => string {
  const tensors = tensorsOf(kernel);
  const named = new Map(kernel.outputs.map((o) => [tensors.get(o.tensor)?.name, o.name] as const));
  return (stage) => {
    const output = named.get(stage);
    return output === undefined || output === stage ? stage : `${output} (${stage})`;
  };
}

function text(e: Expr, names: Names): string {
  return printExpr(simplifyExpr(e), names);
}

function countText({ value, isExact }: Count, names: Names): string {
  if (value === null) return "as the data say";
  return `${isExact ? "" : "at most "}${text(value, names)}`;
}

function intensity(operations: Count, bytes: Expr, names: Names): string {
  if (operations.value === null) return "as the data say";
  const count = simplifyExpr(operations.value);
  const most = operations.isExact ? "" : "at most ";
  if (count.kind === "const" && bytes.kind === "const") {
    return bytes.value === 0n
      ? "nothing is read or written"
      : `${most}${ratio(Number(count.value), Number(bytes.value))}`;
  }
  return `${most}(${printExpr(count, names)}) / (${printExpr(bytes, names)})`;
}

function ratio(a: number, b: number): string {
  return String(Number((a / b).toPrecision(3)));
}

/** `program`: with its lifetimes planned; `stages`: what each launch computes; `label`: how outputs are called. */
export function memoryText(
  program: MachineProgram,
  stages: readonly string[],
  label: (stage: string) => string,
): string {
  const names = bindNames(new Map(), program.dims);
  const lifetimes = lifetimesOf(program);
  const { scratch } = abiOf(program);
  const layout = program.dims.length === 0 ? layoutArena(abiOf(program), new Map()) : null;
  const offsets = new Map(scratch.map((b, n) => [b.id, layout?.offsets[n]]));
  const rows = program.buffers.map((b) => {
    const life = lifetimes.get(b.id);
    const when = life === undefined ? "never" : launchText(life, stages);
    return [
      b.space,
      label(b.name),
      typeText(b, names),
      text(bytesExpr(b), names),
      offsets.get(b.id)?.toString() ?? "-",
      when,
    ];
  });
  const lines = table([["space", "buffer", "type", "bytes", "offset", "launches"], ...rows]);
  if (scratch.length === 0) return [...lines, "", "arena: none; nothing is kept between launches"].join("\n");
  if (layout === null) {
    return [...lines, "", "arena: laid out at each call, when all dims are known; give them here with --dim"].join(
      "\n",
    );
  }
  return [...lines, "", ...arenaLines(program, layout.bytes)].join("\n");
}

function launchText(
  { first, last }: { readonly first: number; readonly last: number },
  stages: readonly string[],
): string {
  const name = (n: number): string => `${n}${stages[n] === undefined ? "" : ` (${stages[n]})`}`;
  return first === last ? name(first) : `${name(first)} to ${name(last)}`;
}

function typeText(b: MachineBuffer, names: Names): string {
  return `${b.dtype}${b.extent.length === 0 ? "" : `[${b.extent.map((e) => text(e, names)).join(", ")}]`}`;
}

function elementsExpr(b: MachineBuffer): Expr {
  return b.extent.reduce<Expr>((product, e) => mul(product, e), index(1));
}

/** Packed elements take part of a byte: for open dims the expression counts a byte for each. */
function bytesExpr(b: MachineBuffer): Expr {
  const elements = simplifyExpr(elementsExpr(b));
  if (elements.kind === "const") return index(byteLength(b.dtype, Number(elements.value)));
  return mul(index(DTYPES[b.dtype].bytes), elements);
}

/** All dims are known. */
function arenaLines(program: MachineProgram, bytes: number): readonly string[] {
  const { scratch } = abiOf(program);
  const live = program.functions.map((_, n) =>
    scratch
      .filter(({ lifetime }) => lifetime.first <= n && n <= lifetime.last)
      .reduce((sum, b) => sum + bufferBytes(b, new Map()), 0),
  );
  const largest = Math.max(...live);
  const share = largest === 0 ? "" : `, ${ratio(bytes, largest)} of the largest live set`;
  return [`arena: ${bytes} bytes${share}`, `largest live set: ${largest} bytes, in launch ${live.indexOf(largest)}`];
}

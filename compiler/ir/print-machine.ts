/**
 * A machine program as text, one instruction per line: registers are `%3`, locals `$0`, and each definition says its type.
 */
import { unreachable } from "../support/invariant.ts";
import { printFloat } from "./print-expr.ts";
import type {
  Inst,
  Lifetime,
  Local,
  MachineBuffer,
  MachineFunction,
  MachineProgram,
  MachineType,
  Place,
  Reg,
} from "./machine.ts";
import type { Names } from "./print-expr.ts";
import { bindNames, nameOf, printExpr } from "./print-expr.ts";

export function printMachine(program: MachineProgram): string {
  const names = bindNames(new Map(), [...program.dims, ...program.buffers]);
  const dims = program.dims.map((d) => nameOf(names, d.id)).join(", ");
  const lines = [
    `machine ${program.kernel}(${dims}), addressing ${program.addressing}`,
    ...program.buffers.map((b) => `  ${printBuffer(b, names)}`),
    ...program.functions.flatMap((fn) => printFunction(fn, names)),
  ];
  return `${lines.join("\n")}\n`;
}

function printBuffer(b: MachineBuffer, names: Names): string {
  const shape = b.extent.length > 0 ? `[${b.extent.map((e) => printExpr(e, names)).join(", ")}]` : "";
  return `${b.space} ${nameOf(names, b.id)}: ${b.dtype}${shape}${lifetimeText(b.lifetime)}`;
}

function lifetimeText(lifetime: Lifetime | null): string {
  if (lifetime === null) return "";
  const { first, last } = lifetime;
  return first === last ? `, launch ${first}` : `, launches ${first} to ${last}`;
}

function printFunction(fn: MachineFunction, names: Names): readonly string[] {
  const grid = fn.grid === null ? "" : `, grid [${fn.grid.map((e) => printExpr(e, names)).join(", ")}]`;
  return [`function ${fn.name}${grid}`, ...printBlock(fn.body, fn, names, "  ")];
}

function printBlock(body: readonly Inst[], fn: MachineFunction, names: Names, margin: string): readonly string[] {
  return body.flatMap((inst) => printInst(inst, fn, names, margin));
}

const reg = (r: Reg): string => `%${r}`;
const local = (l: Local): string => `$${l}`;
const regs = (list: readonly Reg[]): string => list.map(reg).join(", ");

function typeText(type: MachineType | undefined): string {
  if (type === undefined) return "?";
  return type.lanes === 1 ? type.elem : `${type.elem}x${type.lanes}`;
}

function printInst(inst: Inst, fn: MachineFunction, names: Names, margin: string): readonly string[] {
  const define = (dst: Reg, text: string): readonly string[] => [
    `${margin}${reg(dst)}:${typeText(fn.types[dst])} = ${text}`,
  ];
  const deeper = `${margin}  `;
  switch (inst.kind) {
    case "const":
      return define(inst.dst, printValue(inst.value, fn.types[inst.dst]));
    case "dim":
      return define(inst.dst, `dim ${names.get(inst.dim) ?? inst.dim}`);
    case "base":
      return define(inst.dst, `base ${nameOf(names, inst.buffer)}`);
    case "apply":
      return define(inst.dst, `${inst.op} ${regs(inst.args)}`);
    case "select":
      return define(inst.dst, `select ${regs([inst.cond, inst.yes, inst.no])}`);
    case "convert":
      return define(inst.dst, `convert ${inst.mode} ${reg(inst.arg)}`);
    case "load":
      return define(inst.dst, `load ${printPlace(inst.place, names)}`);
    case "store":
      return [`${margin}store ${reg(inst.value)} to ${printPlace(inst.place, names)}`];
    case "splat":
      return define(inst.dst, `splat ${reg(inst.arg)}`);
    case "extract":
      return define(inst.dst, `extract ${reg(inst.arg)}, ${inst.lane}`);
    case "pack":
      return define(inst.dst, `pack ${regs(inst.args)}`);
    case "ramp":
      return define(inst.dst, `ramp ${reg(inst.start)}`);
    case "declare":
      return [`${margin}declare ${local(inst.local)}:${typeText(fn.locals[inst.local])} = ${reg(inst.init)}`];
    case "get":
      return define(inst.dst, `get ${local(inst.local)}`);
    case "set":
      return [`${margin}set ${local(inst.local)} = ${reg(inst.value)}`];
    case "loop": {
      const step = inst.step === 1 ? "" : ` step ${inst.step}`;
      const word = inst.parallel ? "parallel" : "loop";
      const head = `${word} ${reg(inst.variable)} in ${reg(inst.lo)}..${reg(inst.hi)}${step}  // ${inst.label}`;
      return [`${margin}${head}`, ...printBlock(inst.body, fn, names, deeper)];
    }
    case "if":
      return [
        `${margin}if ${reg(inst.cond)}`,
        ...printBlock(inst.then, fn, names, deeper),
        ...(inst.otherwise.length === 0 ? [] : [`${margin}else`, ...printBlock(inst.otherwise, fn, names, deeper)]),
      ];
    default:
      return unreachable(inst);
  }
}

function printValue(value: number | bigint | boolean, type: MachineType | undefined): string {
  const isFloat = type?.elem === "f32" || type?.elem === "f64";
  return typeof value === "number" && isFloat ? printFloat(value, type.elem) : String(value);
}

/** `A[%1, %2 + 16] contiguous, active %3, when %4`. */
function printPlace(p: Place, names: Names): string {
  const last = p.index.length - 1;
  const subscripts = p.index.map((r, d) => (d === last && p.offset !== 0 ? `${reg(r)} + ${p.offset}` : reg(r)));
  const active = p.active === null ? "" : `, active ${reg(p.active)}`;
  const when = p.when === null ? "" : `, when ${reg(p.when)}`;
  return `${nameOf(names, p.buffer)}[${subscripts.join(", ")}] ${p.shape}${active}${when}`;
}

/**
 * What every pass over machine programs must keep:
 * - buffers have ids of their own and shapes over dims; only scratch has a lifetime, in which all its accesses are;
 * - a register is assigned once, before its uses and in a block around them; a local is declared before it is used;
 * - operands and results agree: operations exist for their element type, all operands have the lanes of the result (but a
 *   select's condition may be scalar), conversions keep lanes, `bits` keeps width;
 * - constants are scalars and values of their type; bounds are i32 scalars, conditions bool scalars, steps positive;
 * - an access has one subscript per dim (subscripts) or one in all, i32, vectors only in a gather; offsets stand only where
 *   addresses are flat; it has as many lanes as its shape says; its register can hold the buffer's dtype; stores have no
 *   predicate and no input; bases exist only with byte addresses, and the invocation's number only in a grid.
 * That accesses stay inside buffers is checked by running (interpret-machine.ts), not here.
 */
import { unreachable } from "../support/invariant.ts";
import type { DType } from "./dtype.ts";
import { DTYPES, holds, isFloat } from "./dtype.ts";
import type { ScalarType } from "./expr.ts";
import type { Elem, Inst, MachineBuffer, MachineFunction, MachineProgram, MachineType, Place, Reg } from "./machine.ts";
import { OPS } from "./ops.ts";
import { defined, operands } from "./walk-machine.ts";
import type { Report } from "./verify-expr.ts";
import { verifyTyped } from "./verify-expr.ts";

type Context = {
  readonly program: MachineProgram;
  readonly buffers: ReadonlyMap<string, MachineBuffer>;
  readonly fn: MachineFunction;
  /** Its place among the functions. */
  readonly launch: number;
  /** Registers assigned anywhere so far, to find second assignments. */
  readonly assigned: Set<Reg>;
  readonly report: Report;
};

/** The problems found, each with its place; none in a sound program. */
export function verifyMachine(program: MachineProgram): readonly string[] {
  const problems: string[] = [];
  const at =
    (place: string): Report =>
    (problem) =>
      problems.push(`${place}: ${problem}`);
  const buffers = new Map(program.buffers.map((b) => [b.id, b]));
  if (buffers.size < program.buffers.length) at(program.kernel)("two buffers have one id");
  const variables = new Map<string, ScalarType>(program.dims.map((d) => [d.id, d.type]));
  const scope = { variables, readable: () => null, level: "loops" } as const;
  for (const b of program.buffers) {
    for (const e of b.extent) verifyTyped(e, "index", "an extent", scope, at(b.name));
    if (b.lifetime !== null && b.space !== "scratch") at(b.name)(`${b.space} has a lifetime`);
  }
  for (const [launch, fn] of program.functions.entries()) {
    for (const e of fn.grid ?? []) verifyTyped(e, "index", "an extent of the grid", scope, at(fn.name));
    const ctx: Context = { program, buffers, fn, launch, assigned: new Set(), report: at(fn.name) };
    verifyBlock(fn.body, new Set(), new Set(), ctx);
  }
  return problems;
}

/** `registers` and `locals`: what is known where the block starts; what it adds is forgotten at its end. */
function verifyBlock(
  body: readonly Inst[],
  registers: ReadonlySet<Reg>,
  locals: ReadonlySet<number>,
  ctx: Context,
): void {
  const [here, declared] = [new Set(registers), new Set(locals)];
  for (const inst of body) {
    const report: Report = (problem) => ctx.report(`${inst.kind}${nameOfInst(inst)}: ${problem}`);
    const known = operands(inst).every((r) => {
      if (ctx.fn.types[r] === undefined) report(`%${r} has no type`);
      else if (!here.has(r)) report(`%${r} is used before it is assigned`);
      return here.has(r);
    });
    if (inst.kind === "declare") declared.add(inst.local);
    if ((inst.kind === "get" || inst.kind === "set") && !declared.has(inst.local)) {
      report(`local $${inst.local} is not declared`);
    }
    const dst = defined(inst);
    const typed = dst === null || ctx.fn.types[dst] !== undefined;
    if (!typed) report(`%${dst} has no type`);
    if (dst !== null && ctx.assigned.has(dst)) report(`%${dst} is assigned twice`);
    if (known && typed) verifyInst(inst, { ...ctx, report });
    if (dst !== null) {
      ctx.assigned.add(dst);
      // A loop's variable is known in its body only.
      if (inst.kind !== "loop") here.add(dst);
    }
    if (inst.kind === "loop") verifyBlock(inst.body, new Set(here).add(inst.variable), declared, ctx);
    if (inst.kind === "if") {
      verifyBlock(inst.then, here, declared, ctx);
      verifyBlock(inst.otherwise, here, declared, ctx);
    }
  }
}

function nameOfInst(inst: Inst): string {
  const dst = defined(inst);
  return dst === null ? "" : ` %${dst}`;
}

function typeOf(r: Reg, ctx: Context): MachineType {
  return ctx.fn.types[r] ?? { elem: "bool", lanes: 1 };
}

function text(t: MachineType | undefined): string {
  return t === undefined ? "nothing" : `${t.elem}x${t.lanes}`;
}

function expect(r: Reg, elem: Elem, lanes: number, role: string, ctx: Context): void {
  const type = typeOf(r, ctx);
  if (type.elem !== elem || type.lanes !== lanes) ctx.report(`${role} %${r} is ${text(type)}, not ${elem}x${lanes}`);
}

function verifyInst(inst: Inst, ctx: Context): void {
  switch (inst.kind) {
    case "const":
      return verifyConst(inst.value, typeOf(inst.dst, ctx), ctx.report);
    case "dim": {
      const isDim = ctx.program.dims.some((d) => d.id === inst.dim);
      if (!isDim && (inst.dim !== "invocation" || ctx.fn.grid === null)) ctx.report(`no parameter ${inst.dim}`);
      return expect(inst.dst, "i32", 1, "a parameter", ctx);
    }
    case "base":
      if (ctx.program.addressing !== "bytes") ctx.report(`a base with addressing ${ctx.program.addressing}`);
      if (!ctx.buffers.has(inst.buffer)) ctx.report(`no buffer ${inst.buffer}`);
      return expect(inst.dst, "i32", 1, "a base", ctx);
    case "apply":
      return verifyApply(inst, ctx);
    case "select": {
      const { elem, lanes } = typeOf(inst.dst, ctx);
      expect(inst.yes, elem, lanes, "an operand", ctx);
      expect(inst.no, elem, lanes, "an operand", ctx);
      return expect(inst.cond, "bool", typeOf(inst.cond, ctx).lanes === 1 ? 1 : lanes, "the condition", ctx);
    }
    case "convert":
      return verifyConvert(inst.mode, typeOf(inst.arg, ctx), typeOf(inst.dst, ctx), ctx.report);
    case "load":
      return verifyPlace(inst.place, typeOf(inst.dst, ctx), ctx);
    case "store":
      if (inst.place.when !== null) ctx.report("a store has no predicate");
      if (ctx.buffers.get(inst.place.buffer)?.space === "input") ctx.report(`a store to input ${inst.place.buffer}`);
      return verifyPlace(inst.place, typeOf(inst.value, ctx), ctx);
    case "loop":
      for (const r of [inst.variable, inst.lo, inst.hi]) expect(r, "i32", 1, "a loop's", ctx);
      if (!Number.isInteger(inst.step) || inst.step < 1) ctx.report(`a step of ${inst.step}`);
      return;
    case "if":
      return expect(inst.cond, "bool", 1, "the condition", ctx);
    case "splat":
    case "extract":
    case "pack":
    case "ramp":
    case "declare":
    case "get":
    case "set":
      return verifyMove(inst, ctx);
    default:
      return unreachable(inst);
  }
}

type Move = Extract<Inst, { kind: "splat" | "extract" | "pack" | "ramp" | "declare" | "get" | "set" }>;

function verifyMove(inst: Move, ctx: Context): void {
  switch (inst.kind) {
    case "splat": {
      const { elem, lanes } = typeOf(inst.dst, ctx);
      if (lanes === 1) ctx.report("splat to a scalar");
      return expect(inst.arg, elem, 1, "the operand", ctx);
    }
    case "extract": {
      const from = typeOf(inst.arg, ctx);
      if (inst.lane < 0 || inst.lane >= from.lanes || from.lanes === 1)
        ctx.report(`lane ${inst.lane} of ${text(from)}`);
      return expect(inst.dst, from.elem, 1, "the result", ctx);
    }
    case "pack": {
      const { elem, lanes } = typeOf(inst.dst, ctx);
      if (inst.args.length !== lanes) ctx.report(`${inst.args.length} scalars for ${lanes} lanes`);
      for (const r of inst.args) expect(r, elem, 1, "a lane", ctx);
      return;
    }
    case "ramp": {
      const { elem, lanes } = typeOf(inst.dst, ctx);
      if (elem !== "i32" || lanes === 1) ctx.report(`a ramp of ${text({ elem, lanes })}`);
      return expect(inst.start, "i32", 1, "the start", ctx);
    }
    case "declare":
    case "set":
    case "get": {
      const value = inst.kind === "declare" ? inst.init : inst.kind === "set" ? inst.value : inst.dst;
      const [type, local] = [typeOf(value, ctx), ctx.fn.locals[inst.local]];
      if (text(type) !== text(local)) ctx.report(`local $${inst.local} is ${text(local)}, %${value} ${text(type)}`);
      return;
    }
    default:
      return unreachable(inst);
  }
}

function verifyConst(value: number | bigint | boolean, { elem, lanes }: MachineType, report: Report): void {
  if (lanes !== 1) report("a constant is a scalar");
  const expected = elem === "bool" ? "boolean" : elem === "i64" || elem === "u64" ? "bigint" : "number";
  if (typeof value !== expected) return report(`a ${typeof value} for ${elem}`);
  if (typeof value === "boolean") return;
  const fits = isFloat(elem) ? elem === "f64" || Object.is(Math.fround(Number(value)), value) : holds(elem, value);
  if (!fits) report(`${value} is not a value of ${elem}`);
}

function verifyApply(inst: Extract<Inst, { kind: "apply" }>, ctx: Context): void {
  const row = OPS[inst.op];
  const [first] = inst.args;
  if (first === undefined || inst.args.length !== row.arity)
    return ctx.report(`${inst.op} of ${inst.args.length} operands`);
  const { elem, lanes } = typeOf(first, ctx);
  for (const r of inst.args) expect(r, elem, lanes, "an operand", ctx);
  if (row[DTYPES[elem].kind] === null) ctx.report(`${inst.op} does not exist for ${elem}`);
  expect(inst.dst, row.result === "bool" ? "bool" : elem, lanes, "the result", ctx);
}

function verifyConvert(mode: string, from: MachineType, to: MachineType, report: Report): void {
  if (from.lanes !== to.lanes) report(`${text(from)} to ${text(to)}`);
  if (mode === "bits" && DTYPES[from.elem].bits !== DTYPES[to.elem].bits)
    report(`the bits of ${from.elem} as ${to.elem}`);
  if (mode !== "bits" && to.elem === "bool") report("compare with zero instead");
}

/** Element types that can hold an element of the dtype; halves are values or bits, bools bytes or lanes of a mask. */
function registersOf(dtype: DType): readonly Elem[] {
  switch (dtype) {
    case "bool":
      return ["bool", "i32"];
    case "f16":
    case "bf16":
      return ["i32", "u32", "f32"];
    case "u32":
    case "i64":
    case "u64":
    case "f32":
    case "f64":
      return [dtype];
    case "i8":
    case "u8":
    case "i16":
    case "u16":
    case "i32":
    case "i4":
    case "u4":
    case "i2":
    case "u2":
    case "u1":
      return ["i32"];
    default:
      return unreachable(dtype);
  }
}

function verifyPlace(p: Place, { elem, lanes }: MachineType, ctx: Context): void {
  const { report } = ctx;
  const buffer = ctx.buffers.get(p.buffer);
  if (buffer === undefined) return report(`no buffer ${p.buffer}`);
  const { lifetime } = buffer;
  const lives = lifetime === null || (lifetime.first <= ctx.launch && ctx.launch <= lifetime.last);
  if (!lives) report(`launch ${ctx.launch} touches ${buffer.name} outside of its lifetime`);
  const flat = ctx.program.addressing !== "subscripts";
  const rank = flat ? 1 : buffer.extent.length;
  if (p.index.length !== rank) report(`${p.index.length} subscripts of ${buffer.name}, not ${rank}`);
  if (!Number.isInteger(p.offset) || p.offset < 0 || (!flat && p.offset !== 0)) report(`an offset of ${p.offset}`);
  if (!registersOf(buffer.dtype).includes(elem)) report(`${buffer.dtype} of ${buffer.name} in a register of ${elem}`);
  if ((p.shape === "scalar") !== (lanes === 1)) report(`a ${p.shape} access of ${lanes} lanes`);
  const widths = p.index.map((r) => typeOf(r, ctx).lanes);
  for (const [d, r] of p.index.entries()) {
    const width = widths[d] ?? 1;
    expect(r, "i32", p.shape === "gather" && width > 1 ? lanes : 1, "a subscript", ctx);
  }
  if (p.shape === "gather" && !widths.some((w) => w > 1)) report("a gather from one place");
  if (p.active !== null) expect(p.active, "i32", 1, "the count of active lanes", ctx);
  if (p.active !== null && lanes === 1) report("active lanes of a scalar");
  if (p.when !== null) expect(p.when, "bool", typeOf(p.when, ctx).lanes === 1 ? 1 : lanes, "the predicate", ctx);
}

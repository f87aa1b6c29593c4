/**
 * Long loops run in strips: some iterations per call of a function of their own. An engine optimises a function after some
 * calls and never replaces one that runs, so that the first call of a kernel with one long loop would run in the baseline
 * compiler to its end (four to ten times slower); in strips it is optimised code after a few milliseconds. A strip is long
 * enough that its call (some 10 ns) does not show.
 */
import type { MachineFunction, MachineType, Reg } from "../../compiler/ir/machine.ts";
import { known } from "../../compiler/support/invariant.ts";
import type { FunctionContext } from "./function-context.ts";
import type { Ref } from "./load-binaryen.ts";
import { boundOf, loopsIn, regionOf } from "./region.ts";
import type { Loop, Region } from "./region.ts";
import type { Registers } from "./registers.ts";
import { shapeOf, wasmType } from "./shape.ts";

/** Innermost iterations in a strip, more or less. */
const STRIP = 1024;
/** Loops that are known to run fewer times are not worth a function; the loops inside them may be. */
const FEW = 16;
/** More arguments cost more than they bring. */
const MOST_CAPTURED = 64;

/** Is the loop known to be short? */
export function runsFewTimes(loop: Loop, registers: Registers): boolean {
  const definition = (r: Reg) => registers.definition(r);
  const lo = definition(loop.lo);
  return lo?.kind === "const" && boundOf(loop.hi, definition) - Number(lo.value) <= FEW;
}

/** Emits the loop in strips; false where it takes too much with it. */
export function emitStrips(loop: Loop, fn: MachineFunction, registers: Registers, context: FunctionContext): boolean {
  const region = regionOf(loop, (r) => registers.definition(r));
  const { captured, locals, buffers, dims } = region;
  if (captured.length + locals.length + buffers.length + dims.length > MOST_CAPTURED) return false;
  const name = outline(loop, region, fn, context);
  callInStrips(loop, region, name, registers, context);
  return true;
}

/** The loop as a function: from, to, captured registers, addresses, dims, locals; it gives the locals it sets. */
function outline(loop: Loop, region: Region, fn: MachineFunction, context: FunctionContext): string {
  const { b, m } = context;
  const types: MachineType[] = [...fn.types];
  const i32 = { elem: "i32", lanes: 1 } as const;
  const [lo, hi] = [types.push(i32) - 1, types.push(i32) - 1];
  const parameters: MachineType[] = [];
  const parameter = (type: MachineType | undefined): number => parameters.push(known(type, "the type of a value")) - 1;
  const registers = new Map([lo, hi, ...region.captured].map((r) => [r, parameter(types[r])] as const));
  const addresses = new Map(region.buffers.map((id) => [id, parameter(i32)] as const));
  const dims = new Map(region.dims.map((id) => [id, parameter(i32)] as const));
  const locals = new Map(region.locals.map((l) => [l, parameter(fn.locals[l])] as const));
  const name = context.freshName(fn.name);
  const inner = context.emit(
    { ...fn, name, types, body: [...region.constants, { ...loop, lo, hi }] },
    {
      ...context,
      taken: parameters.length,
      given: { registers, locals },
      addressOf: (id) => known(addresses.get(id), "the address of a buffer"),
      dim: (id) => known(dims.get(id), "a dim"),
      strips: false,
    },
  );
  const typeOf = (t: MachineType | undefined): number => wasmType(shapeOf(known(t, "the type of a value")), b);
  const results = region.set.map((l) => typeOf(fn.locals[l]));
  const values = region.set.map((l) => m.local.get(known(locals.get(l), "a local"), typeOf(fn.locals[l])));
  const end = values.length === 0 ? [] : [values.length === 1 ? known(values[0], "value") : m.tuple.make(values)];
  const result = b.createType(results);
  const body = m.block(null, [inner.body, ...end], result);
  m.addFunction(name, b.createType(parameters.map(typeOf)), result, [...inner.locals], body);
  return name;
}

function callInStrips(
  loop: Loop,
  region: Region,
  name: string,
  registers: Registers,
  { b, m, freshLabel, addressOf, dim }: FunctionContext,
): void {
  const { i32 } = m;
  const start = registers.value(loop.lo).once();
  const hi = registers.value(loop.hi);
  const captured = region.captured.map((r) => registers.value(r));
  for (const v of [hi, ...captured]) v.many();
  registers.beforeBlock();
  const strip = registers.keep(
    "i32",
    i32.add(i32.const(1), i32.div_s(i32.const(STRIP), weightOf(loop, region, registers))),
  );
  const first = registers.startVariable(loop.variable, start);
  const from = (): Ref => m.local.get(first, b.i32);
  const rest = (): Ref => i32.sub(hi.many(), from());
  const label = freshLabel();
  const body = registers.block(() => {
    const to = registers.keep("i32", i32.add(from(), m.select(i32.lt_s(strip(), rest()), strip(), rest())));
    const parameters = [...region.buffers.map(addressOf), ...region.dims.map(dim)].map((n) => m.local.get(n, b.i32));
    const variables = region.locals.map((l) => m.local.get(registers.variable(l), registers.variableType(l)));
    const call = m.call(
      name,
      [from(), to(), ...captured.map((v) => v.many()), ...parameters, ...variables],
      b.createType(region.set.map((l) => registers.variableType(l))),
    );
    takeResults(call, region, registers);
    registers.emit(m.local.set(first, to()));
    registers.emit(m.br_if(label, i32.lt_s(from(), hi.many())));
  });
  registers.emit(m.if(i32.lt_s(from(), hi.many()), m.loop(label, body)));
}

function takeResults(call: Ref, region: Region, registers: Registers): void {
  const { m, b } = registers;
  const [only, ...more] = region.set;
  if (only === undefined) return registers.emit(call);
  if (more.length === 0) return registers.emit(m.local.set(registers.variable(only), call));
  const type = b.createType(region.set.map((l) => registers.variableType(l)));
  const tuple = registers.newLocal(type);
  registers.emit(m.local.set(tuple, call));
  for (const [n, l] of region.set.entries()) {
    registers.emit(m.local.set(registers.variable(l), m.tuple.extract(m.local.get(tuple, type), n)));
  }
}

/**
 * Innermost iterations per iteration of the loop, 1 to STRIP, as far as they are known before it starts. Every factor and
 * every sum is cut at STRIP, so that nothing overflows.
 */
function weightOf(loop: Loop, region: Region, registers: Registers): Ref {
  const { m } = registers;
  const { i32 } = m;
  const atHand = (r: Reg): boolean => region.captured.includes(r) || registers.definition(r)?.kind === "const";
  const cut = (value: Ref): Ref => {
    const kept = registers.keep("i32", value);
    return m.select(i32.lt_u(kept(), i32.const(STRIP)), kept(), i32.const(STRIP));
  };
  const weigh = (outer: Loop, depth: number): Ref => {
    const inside = loopsIn(outer.body).map((inner) => {
      if (!atHand(inner.lo) || !atHand(inner.hi)) return i32.const(FEW);
      const trips = cut(i32.sub(registers.value(inner.hi).many(), registers.value(inner.lo).many()));
      return depth < 3 ? i32.mul(trips, weigh(inner, depth + 1)) : trips;
    });
    return cut(inside.reduce((sum, w) => i32.add(sum, w), i32.const(1)));
  };
  return weigh(loop, 0);
}

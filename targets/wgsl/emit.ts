/**
 * Prints a machine program as one WGSL module with an entry point per function. Registers are `let`s, locals `var`s, one
 * instruction a line; constants are written where they are used. Names come from numbers alone.
 *
 * Packed outputs: an invocation computes the 2 or 4 neighbouring elements of a word one after the other, gathers them in a
 * variable and stores the word once, so that no word is written by two invocations. A function without a grid is one
 * invocation, which may insert elements into words that it reads back.
 */
import type { ConvertMode, Inst, MachineFunction, MachineProgram, Place, Reg } from "../../compiler/ir/machine.ts";
import { visitInstructions } from "../../compiler/ir/walk-machine.ts";
import { INVOCATION } from "../../compiler/passes/select/select.ts";
import { InternalError, invariant, known, unreachable } from "../../compiler/support/invariant.ts";
import type { BufferPlace, Launch, WgslLayout } from "./layout.ts";
import { layoutOf, uniformBytes, WORKGROUP } from "./layout.ts";
import { literal, zeroOf } from "./literals.ts";
import { inserted, loadText, sizeAt, storeText, wordAt, wordType } from "./memory.ts";
import type { WgslElem } from "./operations.ts";
import { isWgslElem, spellingOf } from "./operations.ts";
import { preludeFor } from "./prelude.ts";

type Context = {
  readonly fn: MachineFunction;
  readonly layout: WgslLayout;
  readonly launch: Launch;
  readonly constants: Map<Reg, number | bigint | boolean>;
};

type Lines = readonly string[];
const indent = (lines: Lines): Lines => lines.map((l) => `  ${l}`);

/** The program is scalar, has linear subscripts and a grid in every function. */
export function emitWgsl(program: MachineProgram): string {
  invariant(program.addressing === "linear", "WGSL wants linear subscripts");
  const layout = layoutOf(program);
  const entries = program.functions.map((fn, n) => {
    const launch = known(layout.launches[n], "launch");
    return entryPoint({ fn, layout, launch, constants: new Map() }).join("\n");
  });
  const code = entries.join("\n\n");
  return `${[...declarations(layout), ...preludeFor(code), code].join("\n\n")}\n`;
}

const storage = (binding: number, access: string, name: string, type: string): string =>
  `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`;

function declarations(layout: WgslLayout): Lines {
  const uniform = `@group(0) @binding(0) var<uniform> sizes: array<vec4i, ${uniformBytes(layout) / 16}>;`;
  const own = [...layout.buffers.values()].filter((p) => p.startsAt === null);
  const variables = [
    ...own.map((p) => storage(p.binding, accessOf(p), p.variable, wordType(p))),
    ...(layout.arena === null ? [] : [storage(layout.arena, "read_write", "arena", "u32")]),
  ];
  return [...(layout.words === 0 ? [] : [uniform]), variables.join("\n")];
}

function accessOf(p: BufferPlace): string {
  return p.buffer.space === "input" ? "read" : "read_write";
}

// ---- entry points ----

function entryPoint(ctx: Context): Lines {
  const { launch, fn } = ctx;
  const body = block(fn.body, ctx);
  if (launch.workgroup === 1) {
    return ["@compute @workgroup_size(1)", `fn ${launch.entry}() {`, ...indent(["let invocation = 0i;", ...body]), "}"];
  }
  return [
    `@compute @workgroup_size(${WORKGROUP})`,
    `fn ${launch.entry}(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {`,
    // Groups past 65535 continue in the next row.
    `  let number = id.x + id.y * groups.x * ${WORKGROUP}u;`,
    ...indent(
      launch.elements === 1 ? ["let invocation = i32(min(number, 0x7fffffffu));", ...body] : wholeWords(body, ctx),
    ),
    "}",
  ];
}

/** The body once per element of the words that the invocation owns. Past the largest i32 there is no element. */
function wholeWords(body: Lines, ctx: Context): Lines {
  const { elements } = ctx.launch;
  const packed = packedOutputs(ctx);
  return [
    ...packed.flatMap((p) => [`var word${p.number} = 0u;`, `var filled${p.number} = false;`]),
    `for (var own = 0u; own < ${elements}u; own += 1u) {`,
    ...indent([
      `let invocation = i32(min(number * ${elements}u + own, 0x7fffffffu));`,
      ...body,
      ...packed.flatMap((p) => storeWord(p)),
    ]),
    "}",
  ];
}

/** After the last element of a word, where one of its elements has been computed. */
function storeWord(p: BufferPlace): Lines {
  const last = p.perWord - 1;
  return [
    `if (filled${p.number} && (own & ${last}u) == ${last}u) {`,
    `  ${wordAt(p, "invocation")} = word${p.number};`,
    `  word${p.number} = 0u;`,
    `  filled${p.number} = false;`,
    "}",
  ];
}

function packedOutputs(ctx: Context): readonly BufferPlace[] {
  const found = new Set<BufferPlace>();
  visitInstructions(ctx.fn.body, (inst) => {
    if (inst.kind === "store") found.add(bufferOf(inst.place, ctx));
  });
  return [...found].filter((p) => p.perWord > 1);
}

// ---- instructions ----

function block(list: readonly Inst[], ctx: Context): Lines {
  return list.flatMap((inst) => instruction(inst, ctx));
}

const define = (dst: Reg, text: string): Lines => [`let r${dst} = ${text};`];

function instruction(inst: Inst, ctx: Context): Lines {
  switch (inst.kind) {
    case "const":
      ctx.constants.set(inst.dst, inst.value);
      return [];
    case "dim":
      return define(inst.dst, inst.dim === INVOCATION ? "invocation" : sizeAt(ctx.layout.dims.indexOf(inst.dim)));
    case "apply":
      return applied(inst, ctx);
    case "select":
      return define(
        inst.dst,
        `select(${operand(inst.no, ctx)}, ${operand(inst.yes, ctx)}, ${operand(inst.cond, ctx)})`,
      );
    case "convert":
      return converted(inst, ctx);
    case "load":
      return loaded(inst.dst, inst.place, ctx);
    case "store":
      return stored(inst.value, inst.place, ctx);
    case "declare":
      return [`var v${inst.local} = ${operand(inst.init, ctx)};`];
    case "get":
      return define(inst.dst, `v${inst.local}`);
    case "set":
      return [`v${inst.local} = ${operand(inst.value, ctx)};`];
    case "loop": {
      const v = `r${inst.variable}`;
      const head = `for (var ${v} = ${operand(inst.lo, ctx)}; ${v} < ${operand(inst.hi, ctx)}; ${v} += ${inst.step}i) {`;
      return [head, ...indent(block(inst.body, ctx)), "}"];
    }
    case "if": {
      const otherwise = block(inst.otherwise, ctx);
      const then = [`if (${operand(inst.cond, ctx)}) {`, ...indent(block(inst.then, ctx))];
      return otherwise.length === 0 ? [...then, "}"] : [...then, "} else {", ...indent(otherwise), "}"];
    }
    case "base":
    case "splat":
    case "extract":
    case "pack":
    case "ramp":
      throw new InternalError(`${inst.kind} in scalar code with linear subscripts`);
    default:
      return unreachable(inst);
  }
}

function typeOf(r: Reg, ctx: Context): WgslElem {
  const { elem, lanes } = known(ctx.fn.types[r], "type");
  if (lanes !== 1 || !isWgslElem(elem)) throw new InternalError(`a register of ${lanes} ${elem} for WGSL`);
  return elem;
}

/** A name, or a literal. */
function operand(r: Reg, ctx: Context): string {
  const constant = ctx.constants.get(r);
  return constant === undefined ? `r${r}` : literal(typeOf(r, ctx), constant);
}

/**
 * The texts of operands, the first one through a `let` where all are constants: WGSL would compute that at compile time
 * and refuse to overflow.
 */
function operands(dst: Reg, list: readonly Reg[], ctx: Context): { readonly before: Lines; readonly texts: Lines } {
  const texts = list.map((r) => operand(r, ctx));
  if (!list.every((r) => ctx.constants.has(r))) return { before: [], texts };
  const [first = "", ...rest] = texts;
  return { before: [`let c${dst} = ${first};`], texts: [`c${dst}`, ...rest] };
}

function applied(inst: Extract<Inst, { kind: "apply" }>, ctx: Context): Lines {
  const elem = typeOf(known(inst.args[0], "operand"), ctx);
  const spelling = spellingOf(inst.op, elem);
  if (spelling === null) throw new InternalError(`${inst.op} of ${elem} reaches the printer of WGSL`);
  const { before, texts } = operands(inst.dst, inst.args, ctx);
  const [a = "", b = "", c = ""] = texts;
  return [...before, `let r${inst.dst} = ${spelling(a, b, c)};`];
}

function converted(inst: Extract<Inst, { kind: "convert" }>, ctx: Context): Lines {
  const [from, to] = [typeOf(inst.arg, ctx), typeOf(inst.dst, ctx)];
  const { before, texts } = operands(inst.dst, [inst.arg], ctx);
  const [arg = ""] = texts;
  return [...before, `let r${inst.dst} = ${conversion(inst.mode, from, to, arg)};`];
}

/** Between the integers, what saturates is the end that the other type lacks. */
function conversion(mode: ConvertMode, from: WgslElem, to: WgslElem, arg: string): string {
  if (mode === "bits") return `bitcast<${to}>(${arg})`;
  if (from === "f32" && (to === "i32" || to === "u32")) return `saturate_${to}(${arg})`;
  if (mode === "saturate" && from === "i32" && to === "u32") return `bitcast<u32>(max(${arg}, 0i))`;
  if (mode === "saturate" && from === "u32" && to === "i32") return `bitcast<i32>(min(${arg}, 0x7fffffffu))`;
  // i32 and u32 keep their bits, and become the nearest f32.
  return `${to}(${arg})`;
}

// ---- memory ----

function bufferOf(place: Place, ctx: Context): BufferPlace {
  return known(ctx.layout.buffers.get(place.buffer), "buffer");
}

/** The linear subscript; no constant expression, since one that is negative (behind a false predicate) would be refused. */
function subscript(name: string, place: Place, ctx: Context): { readonly before: Lines; readonly at: string } {
  const r = known(place.index[0], "subscript");
  if (place.offset === 0 && !ctx.constants.has(r)) return { before: [], at: operand(r, ctx) };
  const sum = place.offset === 0 ? operand(r, ctx) : `${operand(r, ctx)} + ${place.offset}i`;
  return { before: [`let ${name} = ${sum};`], at: name };
}

function loaded(dst: Reg, place: Place, ctx: Context): Lines {
  const elem = typeOf(dst, ctx);
  const { before, at } = subscript(`a${dst}`, place, ctx);
  const text = loadText(bufferOf(place, ctx), at, elem);
  if (place.when === null) return [...before, `let r${dst} = ${text};`];
  const guarded = [`if (${operand(place.when, ctx)}) {`, `  r${dst} = ${text};`, "}"];
  return [...before, `var r${dst} = ${zeroOf(elem)};`, ...guarded];
}

function stored(value: Reg, place: Place, ctx: Context): Lines {
  const buffer = bufferOf(place, ctx);
  const text = operand(value, ctx);
  if (buffer.perWord > 1 && ctx.launch.workgroup > 1) {
    const { number } = buffer;
    return [`word${number} = ${inserted(buffer, `word${number}`, text, "own")};`, `filled${number} = true;`];
  }
  const { before, at } = subscript(`at`, place, ctx);
  const store = storeText(buffer, at, text, typeOf(value, ctx));
  return before.length === 0 ? [store] : ["{", ...indent([...before, store]), "}"];
}

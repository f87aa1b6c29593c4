/**
 * THE list of seeded miscompiles: each is a small edit of a pass or a target that a tired author could make, and that
 * leaves the compiler type-correct and quiet. `find` must occur exactly once in its file.
 */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };
export type Mutant = { readonly name: string; readonly edits: readonly [Edit, ...Edit[]] };

const one = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  edits: [{ file, find, replace }],
});

const TILE = "compiler/schedule/tile-loop.ts";
const LANES = "compiler/schedule/lane-reduction.ts";
const BLOCKS = "compiler/schedule/sum-blocks.ts";
const NEST = "compiler/schedule/initial-nest.ts";
const PADS = "compiler/passes/expand-pads.ts";
const REDUCERS = "compiler/ir/reducers.ts";
const SELECT = "compiler/passes/select/select.ts";
const VALUES = "compiler/passes/select/values.ts";
const ADDRESSES = "compiler/passes/machine/addresses.ts";
const WASM = "targets/wasm/operations.ts";

export const MUTANTS: readonly Mutant[] = [
  // loops
  one(
    "remainder of a tiled loop dropped",
    TILE,
    "if (tile.lanes > 1 && constantValue(rest) !== 0) {",
    "if (tile.lanes > 1 && constantValue(rest) === 1) {",
  ),
  one(
    "tail starts one element early",
    TILE,
    "const body = tileBody(loop, plus(loop.lo, restFirst),",
    "const body = tileBody(loop, plus(loop.lo, plus(restFirst, index(-1))),",
  ),
  one(
    "remainder of a reduction in lanes dropped",
    LANES,
    "if (constantValue(rest) === 0) return sequence(loops);",
    "if (constantValue(rest) !== 1) return sequence(loops);",
  ),
  one(
    "partial results start from what is there",
    LANES,
    "sequence([starts(lanes), swept, ...merges(lanes)])",
    "sequence([swept, ...merges(lanes)])",
  ),
  one("partial results of copies not merged", LANES, "return [...intoFirst, intoTarget];", "return [intoTarget];"),
  one(
    "last block of a long sum missing",
    BLOCKS,
    'add(apply("floor_div", sub(extent, index(1)), index(most)), index(1))',
    'add(apply("floor_div", sub(extent, index(1)), index(most)), index(0))',
  ),
  one("accumulator not reset for each point", NEST, "return [...start, fill];", "return [fill];"),
  one(
    "initial slices of a recurrence missing",
    NEST,
    'body: { kind: "seq", body: [...starts, sweep] }',
    'body: { kind: "seq", body: [sweep] }',
  ),
  // reducers
  one(
    "a product starts from 0",
    REDUCERS,
    "prod: { ...sum, identity: start(1),",
    "prod: { ...sum, identity: start(0),",
  ),
  one("a maximum starts from 0", REDUCERS, "return constant(dtype, -Infinity);", "return constant(dtype, 0);"),
  one(
    "argmax takes the last of equals",
    REDUCERS,
    'const earlier = apply("and", ties, apply("lt", where, place));',
    'const earlier = apply("and", ties, apply("lt", place, where));',
  ),
  one(
    "NaN lost in a vector maximum",
    WASM,
    "return v128.or(f32x4[name](a.once(), b.many()), f32x4.ne(b.many(), b.many()));",
    "return f32x4[name](a.once(), b.once());",
  ),
  // pads and stages
  one("edge pad reads past the end", PADS, "const last = sub(hi, index(1));", "const last = hi;"),
  one(
    "wrap pad clamps as edge does",
    PADS,
    'return add(lo, apply("floor_mod", sub(at, lo), known(periodOf(kind, { lo, hi }), "a period")));',
    "return minimum(maximum(at, lo), last);",
  ),
  one(
    "mirror pad repeats the edge",
    PADS,
    "const turn = mul(index(2), sub(last, lo));",
    "const turn = mul(index(2), sub(hi, lo));",
  ),
  one(
    "pad value one element late",
    PADS,
    "[lessEqual(dim.lo, at), less(at, dim.hi)]",
    "[lessEqual(dim.lo, at), lessEqual(at, dim.hi)]",
  ),
  one(
    "inlined stage with swapped axes",
    "compiler/passes/inline-stages.ts",
    'known(node.index[d], "subscript")',
    'known(node.index[stage.axes.length - 1 - d], "subscript")',
  ),
  one(
    "constants folded with swapped operands",
    "compiler/passes/fold-constants.ts",
    "const integers = args.map((x) => valueOf(x.value))",
    "const integers = args.toReversed().map((x) => valueOf(x.value))",
  ),
  // selection
  one(
    "guard of a reduction dropped",
    SELECT,
    "if (takesPart !== null) result = builder.select(takesPart, result, old);",
    "",
  ),
  one(
    "idle lanes not masked in a lane reduction",
    SELECT,
    "ctx.vector.active !== null && t.registers.keepsIdleLanes) {",
    "ctx.vector.active !== null && ctx.vector.active < 0) {",
  ),
  one(
    "guarded read not masked",
    VALUES,
    "const when = guarded ? inRange(buffer, subscripts, ctx) : null;",
    "const when = null;",
  ),
  one(
    "lanes packed in reverse",
    VALUES,
    "builder.apply(o, ...operands.map((r) => builder.lane(r, l))),",
    "builder.apply(o, ...operands.map((r) => builder.lane(r, lanes - 1 - l))),",
  ),
  one(
    "saturation one short of the end",
    VALUES,
    'builder.apply("min", above, at(row.max))',
    'builder.apply("min", above, at(row.max - 1n))',
  ),
  // machine
  one(
    "strides in the order of dims",
    "compiler/passes/machine/flatten.ts",
    "for (const extent of buffer.extent.toReversed()) {",
    "for (const extent of buffer.extent) {",
  ),
  one(
    "load moved past a store",
    "compiler/passes/machine/hoist-invariants.ts",
    "const stored = storedBuffers(fn);",
    "const stored = new Set<string>();",
  ),
  one(
    "values numbered across stores",
    "compiler/passes/machine/value-numbering.ts",
    "const stored = storedBuffers(fn);",
    "const stored = new Set<string>();",
  ),
  one(
    "a lifetime ends one launch early",
    "compiler/passes/machine/plan-memory.ts",
    "first: lifetimes.get(buffer)?.first ?? n, last: n });",
    "first: lifetimes.get(buffer)?.first ?? n, last: Math.max(lifetimes.get(buffer)?.first ?? n, n - 1) });",
  ),
  one(
    "buffers of one launch lie over each other",
    "targets/shared/arena-layout.ts",
    "if (p.last < b.first || b.last < p.first) continue;",
    "if (p.last <= b.first || b.last <= p.first) continue;",
  ),
  one(
    "pointer starts at 0 instead of the loop's start",
    ADDRESSES,
    "outside.add(first, outside.mul(step, inRegister(loop.lo)))",
    "first",
  ),
  // printing and functions
  one(
    "quotient truncated instead of floored",
    WASM,
    "return i32.add(i32.div_s(a.many(), b.many()), i32.shr_s(remainder, i32.const(31)));",
    "return i32.div_s(a.many(), b.many());",
  ),
  one(
    "i8 vectors loaded without their sign",
    "targets/wasm/elements.ts",
    "m.i32x4.extend_low_i16x8_s(m.i16x8.extend_low_i8x16_s(m.v128.load32_zero(offset, 1, at)))",
    "m.i32x4.extend_low_i16x8_u(m.i16x8.extend_low_i8x16_u(m.v128.load32_zero(offset, 1, at)))",
  ),
  one(
    "exp not clamped where it overflows",
    "compiler/ir/math/exponential.ts",
    "expParts(m, atMost(m, atLeast(m, x, least), most))",
    "expParts(m, atLeast(m, x, least + 0 * most))",
  ),
];

/**
 * Elements below a byte (`i4 u4 i2 u2 u1`) leave the kernel: a parameter of them becomes a u8 tensor of the bytes in which
 * they lie, whose reads cut the element out; a stage of them keeps one element a byte, and where it is an output, a stage
 * behind it fills whole bytes. So no target stores less than a byte, and nobody else writes to a byte that is written.
 *
 * Elements are counted row-major, the first in the low bits. Where the last dim is a constant that fills whole bytes, the
 * bytes keep the other dims; otherwise they are one row, and the bits after the last element are 0.
 */
import type { IntDType, StorageDType } from "../ir/dtype.ts";
import { DTYPES, isStorageDType } from "../ir/dtype.ts";
import type { DimRange, Kernel, Stage, Tensor } from "../ir/equations.ts";
import { stagesOf, tensorsOf } from "../ir/equations.ts";
import type { Axis, Cast, Expr, Read, Reducer, Var } from "../ir/expr.ts";
import {
  add,
  apply,
  cast,
  constant,
  index,
  less,
  letIn,
  maximum,
  minimum,
  mul,
  read,
  reduce,
  select,
  sub,
  variable,
} from "../ir/expr.ts";
import type { Fresh } from "../ir/fresh.ts";
import { freshIds } from "../ir/fresh.ts";
import { flatMapStages, mapBodies } from "../ir/map-kernel.ts";
import { mapChildren, mapReducer, reducerExpressions, visit } from "../ir/walk.ts";
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";

/** The kernel without storage types; one that has none comes back as it is. No read is padded any more. */
export function packNarrow(kernel: Kernel): Kernel {
  if (!mentionsStorage(kernel)) return kernel;
  const packings = new Map(
    kernel.params.flatMap((p) => (isStorageDType(p.dtype) ? [[p.id, packing(p.dtype, p.dims)]] : [])),
  );
  const whole = flatMapStages(kernel, (stage) => [inBytes(mapBodies(stage, unpacked(packings)))]);
  const fresh = freshIds(kernel);
  const tensors = tensorsOf(kernel);
  const stages: Stage[] = [];
  const outputs = kernel.outputs.map((out, n) => {
    const tensor = known(tensors.get(out.tensor), "the tensor of an output");
    if (!isStorageDType(tensor.dtype)) return out;
    const packed = packedStage(tensor, tensor.dtype, out.dims, { name: `${out.name}.packed${n}`, fresh });
    stages.push(packed.stage);
    return { ...out, tensor: packed.tensor.id, dims: packed.tensor.dims };
  });
  return {
    ...whole,
    params: kernel.params.map((p) => {
      const bytes = packings.get(p.id);
      return bytes === undefined ? p : { ...p, dtype: "u8", dims: bytes.dims, values: null };
    }),
    outputs,
    steps: [...whole.steps, ...stages.map((stage) => ({ kind: "stage", stage }) as const)],
  };
}

function mentionsStorage(kernel: Kernel): boolean {
  if ([...tensorsOf(kernel).values()].some((t) => isStorageDType(t.dtype))) return true;
  let found = false;
  const look = (e: Expr): void =>
    visit(e, (n) => {
      found ||= isStorageDType(n.type);
      if (n.kind === "reduce") for (const own of reducerExpressions(n.reducer)) look(own);
    });
  for (const stage of stagesOf(kernel))
    for (const o of stage.outputs) for (const e of [o.body, ...o.init.map((s) => s.body)]) look(e);
  return found;
}

// ---- where elements lie ----

/** The bytes of a tensor whose dims start at 0. */
type Packing = {
  readonly dtype: StorageDType;
  readonly dims: readonly DimRange[];
  /** The byte of an element, and the element's place in it. */
  readonly at: (subscripts: readonly Expr[]) => { readonly byte: readonly Expr[]; readonly place: Expr };
  /** The k-th element of a byte, and whether there is one; null: there always is. */
  readonly element: (
    byte: readonly Expr[],
    k: Expr,
  ) => { readonly subscripts: readonly Expr[]; readonly exists: Expr | null };
};

const quotient = (a: Expr, b: Expr): Expr => apply("floor_div", a, b);
const remainder = (a: Expr, b: Expr): Expr => apply("floor_mod", a, b);

function packing(dtype: StorageDType, dims: readonly DimRange[]): Packing {
  const perByte = 8 / DTYPES[dtype].bits;
  const sizes = dims.map((d) => d.hi);
  const last = sizes.at(-1);
  const fillsBytes = last?.kind === "const" && Number(last.value) % perByte === 0;
  return fillsBytes ? inRows(dtype, dims, perByte) : inOneRow(dtype, sizes, perByte);
}

function inRows(dtype: StorageDType, dims: readonly DimRange[], perByte: number): Packing {
  const [outer, inner] = [dims.slice(0, -1), known(dims.at(-1), "the last dim")];
  const per = index(perByte);
  return {
    dtype,
    dims: [...outer, { lo: inner.lo, hi: quotient(inner.hi, per) }],
    at: (subscripts) => {
      const j = known(subscripts.at(-1), "the last subscript");
      return { byte: [...subscripts.slice(0, -1), quotient(j, per)], place: remainder(j, per) };
    },
    element: (byte, k) => {
      const b = known(byte.at(-1), "the last subscript");
      return { subscripts: [...byte.slice(0, -1), add(mul(b, per), k)], exists: null };
    },
  };
}

function inOneRow(dtype: StorageDType, sizes: readonly Expr[], perByte: number): Packing {
  const per = index(perByte);
  const count = sizes.reduce<Expr>((n, size) => mul(n, size), index(1));
  // Rounded up; the sum with perByte - 1 could pass 2^31.
  const bytes = add(quotient(sub(count, index(1)), per), index(1));
  return {
    dtype,
    dims: [{ lo: index(0), hi: bytes }],
    at: (subscripts) => {
      const n = subscripts.reduce<Expr>((before, s, d) => add(mul(before, known(sizes[d], "a size")), s), index(0));
      return { byte: [quotient(n, per)], place: remainder(n, per) };
    },
    element: ([b = index(0)], k) => {
      const n = add(mul(b, per), k);
      return { subscripts: pointAt(n, sizes), exists: less(n, count) };
    },
  };
}

/** The subscripts of the n-th element, row-major. */
function pointAt(n: Expr, sizes: readonly Expr[]): readonly Expr[] {
  let rest = n;
  const subscripts: Expr[] = [];
  for (const size of sizes.slice(1).toReversed()) {
    subscripts.unshift(remainder(rest, size));
    rest = quotient(rest, size);
  }
  return sizes.length === 0 ? [] : [rest, ...subscripts];
}

// ---- packing ----

const i32 = (n: number): Expr => constant("i32", n);
const maskOf = (dtype: StorageDType): Expr => i32(2 ** DTYPES[dtype].bits - 1);

/** One byte an element. */
function byteOf(dtype: StorageDType): IntDType {
  return DTYPES[dtype].signed ? "i8" : "u8";
}

function inBytes(stage: Stage): Stage {
  const outputs = stage.outputs.map((o) => {
    const { dtype } = o.tensor;
    if (!isStorageDType(dtype)) return o;
    const held = byteOf(dtype);
    const init = o.init.map((s) => ({ ...s, body: cast(held, "exact", s.body) }));
    return { tensor: { ...o.tensor, dtype: held }, body: cast(held, "exact", o.body), init };
  });
  return { ...stage, outputs };
}

/** Fills the bytes of an output from the stage that has one element a byte. */
function packedStage(
  from: Tensor,
  dtype: StorageDType,
  dims: readonly DimRange[],
  { name, fresh }: { readonly name: string; readonly fresh: Fresh },
): { readonly stage: Stage; readonly tensor: Tensor } {
  const bytes = packing(dtype, dims);
  const { bits } = DTYPES[dtype];
  const { span } = from;
  const axes = bytes.dims.map((d, n): Axis => ({ variable: variable("index", fresh("b"), `b${n}`), ...d }));
  const point = axes.map((a) => a.variable);
  const part = (k: Expr): { readonly placed: Expr; readonly exists: Expr | null } => {
    const { subscripts, exists } = bytes.element(point, k);
    const element = read(byteOf(dtype), from.id, subscripts, { guarded: exists !== null });
    const low = apply("bit_and", cast("i32", "exact", element), maskOf(dtype));
    return { placed: apply("shl", low, cast("i32", "exact", mul(k, index(bits)))), exists };
  };
  const filled = (): Expr => {
    // A number by itself is the first of its byte.
    if (dims.length === 0) return part(index(0)).placed;
    // Finding an element takes divisions where rows do not fill bytes: code for one of them, not for eight.
    if (dims.length > 1 && part(index(0)).exists !== null) {
      const k = variable("index", fresh("k"), "k");
      const { placed, exists } = part(k);
      const places = [{ variable: k, lo: index(0), hi: index(8 / bits) }];
      const reducer = { kind: "builtin", name: "sum" } as const;
      return reduce({
        id: fresh("r"),
        reducer,
        type: "i32",
        component: 0,
        axes: places,
        guard: exists,
        args: [placed],
      });
    }
    return Array.from({ length: 8 / bits }, (_, k): Expr => {
      const { placed, exists } = part(index(k));
      return exists === null ? placed : select(exists, placed, i32(0));
    }).reduce((x, y) => apply("bit_or", x, y));
  };
  const tensor: Tensor = { id: fresh("t"), name: from.name, dtype: "u8", dims: bytes.dims, values: null, span };
  const body = cast("u8", "exact", filled());
  return { tensor, stage: { name, axes, outputs: [{ tensor, body, init: [] }], span } };
}

// ---- reading ----

/** Every value of a storage type as an i32. */
function unpacked(packings: ReadonlyMap<string, Packing>): (e: Expr) => Expr {
  const done = new Map<Expr, Expr>();
  const go = (e: Expr): Expr => {
    const before = done.get(e);
    if (before !== undefined) return before;
    const after = unpackedNode(e, go, packings);
    done.set(e, after);
    return after;
  };
  return go;
}

const wide = (v: Var): Var => (isStorageDType(v.type) ? variable("i32", v.id, v.name) : v);

function unpackedNode(e: Expr, go: (e: Expr) => Expr, packings: ReadonlyMap<string, Packing>): Expr {
  switch (e.kind) {
    case "const":
      return isStorageDType(e.type) ? constant("i32", e.value) : e;
    case "var":
      return wide(e);
    case "read":
      return isStorageDType(e.type) ? elementRead(e, e.type, go, packings) : mapChildren(e, go);
    case "cast":
      return isStorageDType(e.type) ? narrowed(e, e.type, go(e.arg)) : mapChildren(e, go);
    case "let":
      return letIn(wide(e.variable), go(e.value), go(e.body));
    case "reduce": {
      const type = isStorageDType(e.type) ? "i32" : e.type;
      const axes = e.axes.map((a) => ({ ...a, lo: go(a.lo), hi: go(a.hi) }));
      const guard = e.guard === null ? null : go(e.guard);
      return reduce({ ...e, type, axes, guard, args: e.args.map(go), reducer: wideReducer(e.reducer, go) });
    }
    case "apply":
    case "select":
      return mapChildren(e, go);
    default:
      return unreachable(e);
  }
}

function wideReducer(r: Reducer, go: (e: Expr) => Expr): Reducer {
  const mapped = mapReducer(r, go);
  if (mapped.kind === "builtin") return mapped;
  const [params, left, right] = [mapped.params.map(wide), mapped.left.map(wide), mapped.right.map(wide)];
  const isNarrow = [...mapped.params, ...mapped.left].some((v) => isStorageDType(v.type));
  return { ...mapped, params, left, right, bulk: isNarrow ? null : mapped.bulk };
}

function elementRead(
  e: Read,
  dtype: StorageDType,
  go: (e: Expr) => Expr,
  packings: ReadonlyMap<string, Packing>,
): Expr {
  invariant(e.pad === null, "pads come before packing");
  const subscripts = e.index.map(go);
  const { guarded } = e;
  const packed = packings.get(e.tensor);
  if (packed === undefined) return cast("i32", "exact", read(byteOf(dtype), e.tensor, subscripts, { guarded }));
  const { byte, place } = packed.at(subscripts);
  const shift = cast("i32", "exact", mul(place, index(DTYPES[dtype].bits)));
  const value = cast("i32", "exact", read("u8", e.tensor, byte, { guarded }));
  return lowBits(apply("shr", value, shift), dtype);
}

/** The low bits of an i32 as a value of the dtype; the sign bit of a signed one counts -2^(bits - 1). */
function lowBits(value: Expr, dtype: StorageDType): Expr {
  const { bits, signed } = DTYPES[dtype];
  const low = apply("bit_and", value, maskOf(dtype));
  const sign = i32(2 ** (bits - 1));
  return signed ? apply("wrapping_sub", apply("bit_xor", low, sign), sign) : low;
}

function narrowed(e: Cast, dtype: StorageDType, arg: Expr): Expr {
  const { min, max } = DTYPES[dtype];
  switch (e.mode) {
    case "exact":
      return cast("i32", "exact", arg);
    case "wrap":
      return lowBits(cast("i32", "wrap", arg), dtype);
    case "saturate":
      return minimum(maximum(cast("i32", "saturate", arg), i32(Number(min))), i32(Number(max)));
    case "bits":
      throw new InternalError("bits of less than a byte are never reinterpreted");
    default:
      return unreachable(e.mode);
  }
}

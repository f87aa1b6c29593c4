/**
 * Loads and stores. The first 64 bytes of memory are zero for ever: a load whose predicate is false, or whose lane is idle,
 * reads there, so that it gives 0 and touches nothing of its buffer. A contiguous load may run past the active lanes by up
 * to 15 bytes, which every buffer has spare; a store writes its active lanes and no byte more.
 */
import type { DType } from "../../compiler/ir/dtype.ts";
import { invariant, known } from "../../compiler/support/invariant.ts";
import type { ElementRow } from "./elements.ts";
import { elementRow } from "./elements.ts";
import type { Ref } from "./load-binaryen.ts";
import type { Value, Writer } from "./operations.ts";

/** A place of machine.ts whose registers have become operands. */
export type Place = {
  readonly dtype: DType;
  /** An address; one per lane in a gather. */
  readonly address: Value;
  readonly offset: number;
  readonly gather: boolean;
  readonly active: Value | null;
  readonly when: { readonly value: Value; readonly perLane: boolean } | null;
};

const LANES = [0, 1, 2, 3] as const;
const LANE_NUMBERS = LANES.flatMap((n) => [n, 0, 0, 0]);

/** One element. */
export function loadScalar(w: Writer, p: Place): Ref {
  return elementRow(p.dtype).load(w.m, p.when === null ? p.offset : 0, guardedAddress(w, p));
}

/** One element of 32 bits in all lanes of a vector. */
export function loadSplat(w: Writer, p: Place): Ref {
  return w.m.v128.load32_splat(p.when === null ? p.offset : 0, 4, guardedAddress(w, p));
}

/** Four elements in a vector. */
export function loadVector(w: Writer, p: Place): Ref {
  if (p.gather) return gather(w, p);
  if (p.when?.perLane === true) return loadWhere(w, p, p.when.value);
  const load4 = known(elementRow(p.dtype).load4, "a vector load");
  return load4(w.m, p.when === null ? p.offset : 0, guardedAddress(w, p));
}

/** The address, or that of zeros where the scalar predicate is false; then the offset is in it. */
function guardedAddress({ m }: Writer, p: Place): Ref {
  if (p.when === null) return p.address.once();
  const address = p.offset === 0 ? p.address.once() : m.i32.add(p.address.once(), m.i32.const(p.offset));
  return m.select(p.when.value.once(), address, m.i32.const(0));
}

/** One whole load where all lanes take part, else lane by lane. */
function loadWhere(w: Writer, p: Place, when: Value): Ref {
  const { m } = w;
  const row = elementRow(p.dtype);
  const lane = (n: number): Ref => {
    const at = m.i32.add(p.address.many(), m.i32.const(p.offset + n * row.bytes));
    const takesPart = m.i32x4.extract_lane(when.many(), n);
    // The bits of idle lanes are undefined, those of their predicate too.
    const active = p.active === null || n === 0 ? null : m.i32.gt_s(p.active.many(), m.i32.const(n));
    return m.select(active === null ? takesPart : m.i32.and(takesPart, active), at, m.i32.const(0));
  };
  const apart = collect(w, row, lane);
  if (p.active !== null) return apart;
  const whole = known(row.load4, "a vector load")(m, p.offset, p.address.many());
  return m.if(m.i32x4.all_true(when.many()), whole, apart);
}

function gather(w: Writer, p: Place): Ref {
  const row = elementRow(p.dtype);
  const { i32, i32x4, v128 } = w.m;
  const mask = gatherMask(w, p);
  if (mask === null) return collect(w, row, (n) => i32x4.extract_lane(p.address.many(), n), p.offset);
  const moved = p.offset === 0 ? p.address.once() : i32x4.add(p.address.once(), i32x4.splat(i32.const(p.offset)));
  const addresses = w.keep("i32x4", v128.and(moved, mask));
  return collect(w, row, (n) => i32x4.extract_lane(addresses(), n));
}

/** The lanes that read; the others go to address 0. Null where all do. */
function gatherMask({ m }: Writer, p: Place): Ref | null {
  const { i32, i32x4, v128 } = m;
  const active = p.active === null ? null : i32x4.lt_s(v128.const(LANE_NUMBERS), i32x4.splat(p.active.many()));
  if (p.when === null) return active;
  const { value, perLane } = p.when;
  const when = perLane ? value.once() : i32x4.splat(i32.sub(i32.const(0), value.once()));
  return active === null ? when : v128.and(active, when);
}

/** A vector of four elements at addresses of their own. */
function collect({ m }: Writer, row: ElementRow, at: (lane: number) => Ref, offset = 0): Ref {
  const { v128, i32x4 } = m;
  if (row.bytes === 4) {
    const first = v128.load32_zero(offset, 4, at(0));
    return [1, 2, 3].reduce((v, n) => v128.load32_lane(offset, 4, n, at(n), v), first);
  }
  invariant(row.bytes < 4, "vectors hold 32-bit lanes");
  const first = i32x4.splat(row.load(m, offset, at(0)));
  return [1, 2, 3].reduce((v, n) => i32x4.replace_lane(v, n, row.load(m, offset, at(n))), first);
}

/** One element. */
export function storeScalar({ m }: Writer, p: Place, value: Value): Ref {
  return elementRow(p.dtype).store(m, p.offset, p.address.once(), value.once());
}

/** The lanes of a vector, side by side or scattered. */
export function storeVector(w: Writer, p: Place, value: Value): Ref {
  if (p.gather) return scatter(w, p, value);
  const { m } = w;
  const row = elementRow(p.dtype);
  const packed = known(row.pack4, "a vector store")(m, value.once());
  const { active } = p;
  if (active === null) return storePiece(w, p, p.address.once(), packed, { elements: 4, piece: 0 });
  const again = w.keep("i32x4", packed);
  const store = (elements: 1 | 2 | 4, piece: number): Ref =>
    storePiece(w, p, p.address.many(), again(), { elements, piece });
  const first = (lanes: number): Ref => {
    if (lanes === 3) return m.block(null, [store(2, 0), store(1, 2)]);
    return store(lanes === 1 ? 1 : lanes === 2 ? 2 : 4, 0);
  };
  if (typeof active.constant === "number") return first(active.constant);
  const atLeast = (n: number): Ref => m.i32.ge_s(active.many(), m.i32.const(n));
  return m.if(atLeast(3), m.if(atLeast(4), first(4), first(3)), m.if(atLeast(2), first(2), first(1)));
}

/** Stores the `piece`-th group of `elements` neighbours of a packed vector to where it belongs. */
function storePiece(
  { m }: Writer,
  p: Place,
  at: Ref,
  v: Ref,
  { elements, piece }: { readonly elements: 1 | 2 | 4; readonly piece: number },
): Ref {
  const { v128 } = m;
  const { bytes: align } = elementRow(p.dtype);
  const bytes = elements * align;
  const offset = p.offset + piece * bytes;
  switch (bytes) {
    case 16:
      return v128.store(offset, align, at, v);
    case 8:
      return v128.store64_lane(offset, align, piece, at, v);
    case 4:
      return v128.store32_lane(offset, align, piece, at, v);
    case 2:
      return v128.store16_lane(offset, align, piece, at, v);
    default:
      return v128.store8_lane(offset, align, piece, at, v);
  }
}

function scatter({ m }: Writer, p: Place, value: Value): Ref {
  const row = elementRow(p.dtype);
  const { v128, i32, i32x4 } = m;
  const stores = LANES.map((n) => {
    const at = i32x4.extract_lane(p.address.many(), n);
    const one =
      row.bytes === 4
        ? v128.store32_lane(p.offset, 4, n, at, value.many())
        : row.store(m, p.offset, at, i32x4.extract_lane(value.many(), n));
    return p.active === null || n === 0 ? one : m.if(i32.gt_s(p.active.many(), i32.const(n)), one);
  });
  return m.block(null, stores);
}

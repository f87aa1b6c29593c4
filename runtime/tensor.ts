/**
 * Tensor: a dtype, a shape, and where the elements are. Kernels take and give tensors; on a GPU the result is there at
 * once as a handle, so that kernels chain without a copy, and `await t.read()` gives the elements on every device. Every
 * mistake in making one is an EinkornError with an E60xx code.
 */
import { byteLength, DTYPE_NAMES, DTYPES, isDType, isFloat } from "../compiler/ir/dtype.ts";
import type { AnyArray, ArrayOf, DType } from "../compiler/ir/dtype.ts";
import { readElement, writeElement } from "../compiler/ir/elements.ts";
import { invariant } from "../compiler/support/invariant.ts";
import { refuseUnknownKeys } from "./given-values.ts";
import { fillRandom } from "./random.ts";
import { listed, nearest, quoted, refuse } from "./refuse.ts";
import { allocate, arrayLength, elementCount, elementsHeld, legalShape, placeText, typeText } from "./shape.ts";
import type { Shape } from "./shape.ts";
import type { Storage } from "./storage.ts";
import {
  checkBools,
  fromNested,
  isArrayOf,
  nestedDType,
  nestedShape,
  tensorText,
  toElement,
  toNested,
  toValue,
  viewArray,
} from "./tensor-values.ts";
import type { Nested, Value } from "./tensor-values.ts";

type RandomOptions = {
  /** A whole number in 0..2^53; 0 if absent. */
  readonly seed?: number;
  /** Half-open `[low, high)`, for integers and bool; the dtype's whole range if absent. */
  readonly range?: readonly [number | bigint, number | bigint];
};

export class Tensor<D extends DType = DType> {
  readonly dtype: D;
  /** Row-major: the last dim is the innermost; `[]` for a scalar. */
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  /** Bytes of the elements in memory. */
  readonly bytes: number;
  #storage: Storage | null;
  #exposed = false;

  private constructor(dtype: D, shape: Shape, storage: Storage) {
    this.dtype = dtype;
    this.shape = shape;
    this.size = elementCount(shape);
    this.bytes = byteLength(dtype, this.size);
    this.#storage = storage;
  }

  /** A tensor over storage that a device made. The device answers for its length; an array on the CPU is checked. */
  static over<D extends DType>(dtype: D, shape: Shape, storage: Storage): Tensor<D> {
    const legal = legalShape(dtype, shape);
    if (storage.kind === "cpu") {
      const { array } = storage;
      invariant(isArrayOf(dtype, array), () => `a ${array.constructor.name} is no array of ${dtype}`);
      invariant(
        array.length === arrayLength(dtype, elementCount(legal)),
        "the storage has another length than the tensor",
      );
    }
    return new Tensor(dtype, legal, storage);
  }

  /**
   * From a value, nested arrays, or a typed array. A typed array is kept, not copied, so that later writes to it are seen;
   * f16 and bf16 are then bit patterns in a Uint16Array, storage types packed bytes. Plain values are checked and floats
   * rounded. Without `dtype`: the typed array's own; else by the first value, number f32, bigint i64, boolean bool.
   * `shape` may regroup a typed array or one flat array.
   */
  static from<D extends DType>(
    values: Nested | ArrayBufferView,
    options: { readonly dtype: D; readonly shape?: Shape },
  ): Tensor<D>;
  static from(values: Nested | ArrayBufferView, options?: { readonly dtype?: DType; readonly shape?: Shape }): Tensor;
  static from(
    values: Nested | ArrayBufferView,
    options: { readonly dtype?: DType; readonly shape?: Shape } = {},
  ): Tensor {
    checkOptions("from", options, ["dtype", "shape"]);
    const asked = options.dtype === undefined ? undefined : legalDType(options.dtype);
    if (ArrayBuffer.isView(values)) {
      const tensor = fromTypedArray(values, asked, options.shape);
      tensor.#exposed = true;
      return tensor;
    }
    const dtype = asked ?? nestedDType(values);
    const own = nestedShape(values);
    const shape = legalShape(dtype, options.shape ?? own);
    const regroups = own.length === 1 && shape.length !== 1;
    if (regroups ? own[0] !== elementCount(shape) : own.join() !== shape.join()) {
      refuse("E6002", `the values have shape [${own.join(", ")}], which does not fill ${typeText(dtype, shape)}`);
    }
    const array = fromNested(dtype, values, regroups ? own : shape);
    return Tensor.over(dtype, shape, { kind: "cpu", array });
  }

  static zeros<D extends DType>(shape: Shape, options: { readonly dtype: D }): Tensor<D>;
  static zeros(shape: Shape): Tensor<"f32">;
  static zeros(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
    checkOptions("zeros", options, ["dtype"]);
    const dtype = legalDType(options.dtype ?? "f32");
    const legal = legalShape(dtype, shape);
    return Tensor.over(dtype, legal, { kind: "cpu", array: allocate(dtype, legal) });
  }

  /** Every element the same value; E6004 if the dtype cannot hold it. */
  static full<D extends DType>(shape: Shape, value: Value, options: { readonly dtype: D }): Tensor<D>;
  static full(shape: Shape, value: Value): Tensor<"f32">;
  static full(shape: Shape, value: Value, options: { readonly dtype?: DType } = {}): Tensor {
    checkOptions("full", options, ["dtype"]);
    const dtype = legalDType(options.dtype ?? "f32");
    const legal = legalShape(dtype, shape);
    const element = toElement(dtype, value, () => "");
    const array = allocate(dtype, legal);
    for (let i = 0; i < elementCount(legal); i++) writeElement(dtype, array, i, element);
    return Tensor.over(dtype, legal, { kind: "cpu", array });
  }

  /** 0, 1, 2, … in row-major order; E6004 if the dtype cannot count that far. */
  static iota<D extends DType>(shape: Shape, options: { readonly dtype: D }): Tensor<D>;
  static iota(shape: Shape): Tensor<"f32">;
  static iota(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
    checkOptions("iota", options, ["dtype"]);
    const dtype = legalDType(options.dtype ?? "f32");
    const legal = legalShape(dtype, shape);
    const count = elementCount(legal);
    if (count > 0) toElement(dtype, count - 1, () => ` at ${placeText(legal, count - 1)}`);
    const array = allocate(dtype, legal);
    for (let i = 0; i < count; i++) writeElement(dtype, array, i, i);
    return Tensor.over(dtype, legal, { kind: "cpu", array });
  }

  /**
   * The same values for the same seed on every machine. Floats are uniform in [-1, 1) on the dtype's grid near 1, integers
   * uniform over the dtype's range or over `range`; random.ts says exactly how.
   */
  static random<D extends DType>(shape: Shape, options: RandomOptions & { readonly dtype: D }): Tensor<D>;
  static random(shape: Shape, options?: RandomOptions): Tensor<"f32">;
  static random(shape: Shape, options: RandomOptions & { readonly dtype?: DType } = {}): Tensor {
    checkOptions("random", options, ["dtype", "seed", "range"]);
    const dtype = legalDType(options.dtype ?? "f32");
    const legal = legalShape(dtype, shape);
    const { seed = 0, range } = options;
    if (!Number.isSafeInteger(seed) || seed < 0) refuse("E6004", `the seed ${seed} is not a whole number in 0..2^53`);
    const bounds = range === undefined ? null : legalRange(dtype, range);
    const array = allocate(dtype, legal);
    fillRandom(dtype, array, elementCount(legal), seed, bounds);
    return Tensor.over(dtype, legal, { kind: "cpu", array });
  }

  /** Somebody outside may hold the array of the elements, and may write to it at any time. */
  get isExposed(): boolean {
    return this.#exposed;
  }

  /** Where the elements are; E6008 after `dispose`. For devices: what is taken from here is not written to. */
  get storage(): Storage {
    return (
      this.#storage ??
      refuse("E6008", `${typeText(this.dtype, this.shape)} was disposed of and holds no elements any more`)
    );
  }

  /**
   * The elements themselves, row-major, without a copy; E6005 on a device that has memory of its own. f16 and bf16 are bit
   * patterns, bool is 0 or 1.
   *
   * The elements of a WASM kernel's result lie in the memory that all such kernels share. They stay while somebody has the
   * tensor, this array, or a `subarray` of it; they do not for views made over `data.buffer`, nor after `dispose`, whose
   * memory the next results take. A memory that grows detaches the array (its length is 0 then): ask for `data` anew after
   * further calls, or keep a copy, `data.slice()`.
   */
  get data(): ArrayOf<D> {
    const array = this.elements;
    this.#exposed = true;
    return array;
  }

  /** The elements on every device: those of `data` on the CPU, a fresh copy from a device, once its work is done. */
  async read(): Promise<ArrayOf<D>> {
    const { storage } = this;
    return storage.kind === "cpu" ? this.data : this.#own(await storage.read());
  }

  /** This tensor if its elements are on the CPU, else a copy that is. */
  async cpu(): Promise<Tensor<D>> {
    if (this.storage.kind === "cpu") return this;
    return Tensor.over(this.dtype, this.shape, { kind: "cpu", array: await this.read() });
  }

  /** This tensor, where the type checker shall know its dtype; E6003 if it has another. */
  as<E extends DType>(dtype: E): Tensor<E> {
    if (hasDType(this, dtype)) return this;
    return refuse("E6003", `the tensor is ${typeText(this.dtype, this.shape)}, not ${dtype}`);
  }

  /** Nested arrays of numbers (bigints for i64 and u64, booleans for bool); a plain value for a scalar. CPU only. */
  toArray(): Nested {
    return toNested(this.dtype, this.elements, this.shape);
  }

  /** The only element; E6002 if there is not exactly one. CPU only. */
  item(): Value {
    if (this.size !== 1)
      refuse("E6002", `item() wants one element, and ${typeText(this.dtype, this.shape)} has ${this.size}`);
    return toValue(this.dtype, readElement(this.dtype, this.elements, 0));
  }

  /** Gives the memory back to its device at once; the tensor holds nothing afterwards, and neither do arrays taken from it. Calling it twice is harmless. */
  dispose(): void {
    this.#storage?.dispose?.();
    this.#storage = null;
  }

  /** Type, shape, and the elements as far as they fit on a screen; it never waits for a device. */
  toString(): string {
    const type = typeText(this.dtype, this.shape);
    if (this.#storage === null) return `${type} (disposed of)`;
    if (this.#storage.kind === "device") return `${type} (on ${this.#storage.device})`;
    return tensorText(this.dtype, this.#storage.array, this.shape);
  }

  /** What `console.log` prints in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** `data` for whoever neither writes to it nor keeps it; E6005 as there. */
  get elements(): ArrayOf<D> {
    const { storage } = this;
    if (storage.kind === "cpu") return this.#own(storage.array);
    const help = ["wait for a copy: await t.read()"];
    const type = typeText(this.dtype, this.shape);
    return refuse("E6005", `the elements of ${type} are on the device ${storage.device}`, { help });
  }

  #own(array: AnyArray): ArrayOf<D> {
    invariant(isArrayOf(this.dtype, array), () => `a ${array.constructor.name} is no array of ${this.dtype}`);
    return array;
  }
}

/** The first element in which two CPU tensors of one type differ: its row-major position, or null. NaNs are equal, so are 0 and -0. */
export function firstDifference(a: Tensor, b: Tensor): number | null {
  invariant(typeText(a.dtype, a.shape) === typeText(b.dtype, b.shape), "tensors of different types are not compared");
  const [left, right] = [a.data, b.data];
  for (let i = 0; i < a.size; i++) {
    const [x, y] = [readElement(a.dtype, left, i), readElement(a.dtype, right, i)];
    if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) return i;
  }
  return null;
}

/** Same dtype, same shape, same elements; NaNs are equal, so are 0 and -0. CPU tensors only. */
export function equalTensors(a: Tensor, b: Tensor): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join() && firstDifference(a, b) === null;
}

/** E6213 for an option that nothing reads. */
function checkOptions(maker: string, options: unknown, keys: readonly string[]): void {
  refuseUnknownKeys("E6213", `options of Tensor.${maker}`, options, keys, '{ dtype: "f32" }');
}

function hasDType<E extends DType>(tensor: Tensor, dtype: E): tensor is Tensor<E> {
  return tensor.dtype === dtype;
}

function legalDType<D extends DType>(dtype: D): D {
  if (isDType(dtype)) return dtype;
  const word = String(dtype);
  const same = DTYPE_NAMES.find((name) => DTYPES[name].numpy === word) ?? nearest(word, DTYPE_NAMES);
  const help = [same === null ? `use one of ${listed(DTYPE_NAMES, DTYPE_NAMES.length)}` : `write "${same}"`];
  return refuse("E6007", `there is no dtype ${quoted(word)}`, { help });
}

function fromTypedArray(values: ArrayBufferView, asked: DType | undefined, askedShape: Shape | undefined): Tensor {
  const { dtype, array } = viewArray(values, asked);
  const shape = legalShape(dtype, askedShape ?? [elementsHeld(dtype, array.length)]);
  const wanted = arrayLength(dtype, elementCount(shape));
  if (array.length !== wanted) {
    const type = typeText(dtype, shape);
    refuse(
      "E6002",
      `${type} wants ${wanted} elements of a ${array.constructor.name}, and the given one has ${array.length}`,
    );
  }
  if (dtype === "bool") checkBools(array, shape, "the array");
  return Tensor.over(dtype, shape, { kind: "cpu", array });
}

function legalRange(
  dtype: DType,
  [low, high]: readonly [number | bigint, number | bigint],
): { readonly low: bigint; readonly high: bigint } {
  if (isFloat(dtype)) return refuse("E6004", `random ${dtype} values are in [-1, 1) and take no range`);
  const { min, max } = DTYPES[dtype];
  const whole = [low, high].every((x) => typeof x === "bigint" || Number.isSafeInteger(x));
  if (whole && low < high && low >= min && high <= max + 1n) return { low: BigInt(low), high: BigInt(high) };
  return refuse("E6004", `the range ${low}..${high} is not a part of ${dtype}'s range ${min}..${max + 1n}`);
}

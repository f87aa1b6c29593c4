/**
 * The memory of the machine's interpreter: one array of lanes per buffer, found by subscripts, by a linear subscript or by
 * an address. Elements start undefined, and those of scratch are undefined again after their buffer's lifetime, when another
 * one may lie there; nothing may be stored outside of it. In byte addressing the buffers lie apart, so that an address that
 * leaves its buffer never meets another by luck.
 */
import { InternalError, invariant, known, unreachable } from "../support/invariant.ts";
import { convertValue } from "./convert.ts";
import type { DType } from "./dtype.ts";
import { DTYPES, isFloat, roundToDType } from "./dtype.ts";
import { evaluateSize } from "./evaluate-index.ts";
import type { Lane } from "./lanes.ts";
import { POISON } from "./lanes.ts";
import type { Addressing, Elem, Lifetime, MachineBuffer, MachineProgram } from "./machine.ts";
import type { NDArray, Value } from "./values.ts";
import { countOf, elementOf, fits, valueOf } from "./values.ts";

export type MachineArray = {
  readonly buffer: MachineBuffer;
  readonly shape: readonly number[];
  readonly data: Lane[];
  /** Address of the first element, with byte addressing. */
  readonly base: number;
};

/** Bytes between buffers: more than a vector that runs over. */
const GAP = 4096;

export class MachineMemory {
  readonly #arrays = new Map<string, MachineArray>();
  readonly #addressing: Addressing;
  #launch = 0;

  constructor(program: MachineProgram, inputs: ReadonlyMap<string, NDArray>, dims: ReadonlyMap<string, bigint>) {
    this.#addressing = program.addressing;
    let base = GAP;
    for (const buffer of program.buffers) {
      const shape = buffer.extent.map((e) => Math.max(0, evaluateSize(e, dims)));
      const data = Array.from<Lane>({ length: countOf(shape) }).fill(POISON);
      this.#arrays.set(buffer.id, { buffer, shape, data, base });
      if (buffer.space === "input") fill(this.at(buffer.id), known(inputs.get(buffer.id), `input ${buffer.name}`));
      base += Math.ceil((data.length * DTYPES[buffer.dtype].bytes) / 16) * 16 + GAP;
    }
  }

  /** Before each launch: what was needed up to the one before is lost. */
  startLaunch(launch: number): void {
    this.#launch = launch;
    for (const { buffer, data } of this.#arrays.values()) {
      if (buffer.lifetime !== null && buffer.lifetime.last === launch - 1) data.fill(POISON);
    }
  }

  at(id: string): MachineArray {
    return known(this.#arrays.get(id), `buffer ${id}`);
  }

  /** How far lanes of a contiguous access lie apart, in the unit of subscripts. */
  laneStride(id: string): number {
    return this.#addressing === "bytes" ? DTYPES[this.at(id).buffer.dtype].bytes : 1;
  }

  /** What a load of one element puts into a lane: narrow values widened, f16 and bf16 as their bits in an integer register. */
  load(id: string, index: readonly number[], elem: Elem): Lane {
    const array = this.at(id);
    const lane = array.data[this.#offset(array, index)];
    return lane === undefined || lane === POISON ? POISON : toRegister(array.buffer.dtype, elem, lane);
  }

  /** Stores one element. A narrow integer must be in range: whoever wraps has masked it before. */
  store(id: string, index: readonly number[], value: Value, elem: Elem): void {
    const array = this.at(id);
    const { buffer } = array;
    invariant(buffer.space !== "input", `a store to input ${buffer.name}`);
    const offset = this.#offset(array, index);
    const lives = buffer.lifetime === null || livesIn(buffer.lifetime, this.#launch);
    invariant(lives, `a store to ${buffer.name} outside of its lifetime`);
    array.data[offset] = fromRegister(buffer.dtype, elem, value);
  }

  /** The content of an output; every element must have been written. */
  content(id: string): NDArray {
    const { buffer, shape, data } = this.at(id);
    const elements = data.map((lane, n) => {
      invariant(lane !== POISON, () => `element ${n} of output ${buffer.name} was never written`);
      return elementOf(buffer.dtype, lane);
    });
    return { dtype: buffer.dtype, shape, data: elements };
  }

  /** The element's position in row-major order. */
  #offset(array: MachineArray, index: readonly number[]): number {
    const { buffer, shape, data } = array;
    switch (this.#addressing) {
      case "subscripts": {
        invariant(index.length === shape.length, `${index.length} subscripts of ${buffer.name}`);
        let offset = 0;
        for (const [d, n] of index.entries()) {
          const extent = shape[d] ?? 0;
          if (n < 0 || n >= extent) throw new InternalError(`${buffer.name}, dim ${d}: ${n} is not in 0..${extent}`);
          offset = offset * extent + n;
        }
        return offset;
      }
      case "linear":
      case "bytes": {
        const [at, ...more] = index;
        invariant(at !== undefined && more.length === 0, `${index.length} linear subscripts of ${buffer.name}`);
        const { bytes } = DTYPES[buffer.dtype];
        const offset = this.#addressing === "bytes" ? (at - array.base) / bytes : at;
        const inside = Number.isInteger(offset) && offset >= 0 && offset < data.length;
        if (!inside) throw new InternalError(`${buffer.name}: element ${offset} is not in 0..${data.length}`);
        return offset;
      }
      default:
        return unreachable(this.#addressing);
    }
  }
}

function livesIn({ first, last }: Lifetime, launch: number): boolean {
  return first <= launch && launch <= last;
}

function fill(array: MachineArray, input: NDArray): void {
  const { name, dtype } = array.buffer;
  invariant(input.dtype === dtype, `${name} is ${dtype}, given ${input.dtype}`);
  invariant(
    input.shape.join() === array.shape.join(),
    `${name}: [${array.shape.join()}], given [${input.shape.join()}]`,
  );
  for (const [n, x] of input.data.entries()) array.data[n] = valueOf(x);
}

/** Half-width floats: their value in a float register, their bits in an integer one. */
const BITS_OF = { f16: "u16", bf16: "u16" } as const;

function isHalf(dtype: DType): dtype is "f16" | "bf16" {
  return dtype === "f16" || dtype === "bf16";
}

function toRegister(dtype: DType, elem: Elem, value: Value): Value {
  if (isHalf(dtype) && (elem === "i32" || elem === "u32")) {
    return known(convertValue("bits", dtype, BITS_OF[dtype], value), "bits of a half");
  }
  if (dtype === "bool" && elem !== "bool") return Number(value);
  return value;
}

function fromRegister(dtype: DType, elem: Elem, value: Value): Value {
  if (isHalf(dtype) && (elem === "i32" || elem === "u32")) {
    const bits = known(convertValue("wrap", elem, BITS_OF[dtype], value), "low bits");
    return known(convertValue("bits", BITS_OF[dtype], dtype, bits), "a half");
  }
  if (dtype === "bool") return typeof value === "boolean" ? value : value !== 0;
  if (isFloat(dtype)) return roundToDType(dtype, Number(value));
  invariant(typeof value !== "boolean" && fits(dtype, value), () => `${String(value)} is stored as ${dtype}`);
  return value;
}

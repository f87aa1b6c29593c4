/**
 * The one memory that all WASM kernels share, and who has which part of it. Blocks are whole cache lines with 16 spare
 * bytes behind their elements; freed blocks are kept in address order and merged with their neighbours; the first that fits
 * is taken. The first 64 bytes are never given out: they are the zeros that predicated loads read.
 *
 * A memory that grows detaches every view of it, so that views are made when they are asked for and kept only while the
 * memory's buffer is the same.
 */
import { ARRAYS } from "../../compiler/ir/dtype.ts";
import type { AnyArray, DType } from "../../compiler/ir/dtype.ts";
import { known } from "../../compiler/support/invariant.ts";
import { alignedSize, ALIGNMENT } from "../../targets/shared/arena-layout.ts";
import type { CpuStorage } from "../storage.ts";

const PAGE = 65536;
const MOST_PAGES = 65536;

/** A part of the memory, in bytes. */
export type Block = { readonly start: number; readonly size: number };

export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  /** Free blocks in address order, no two adjacent. */
  #free: Block[] = [];
  /** Everything from here on has never been given out. */
  #top = ALIGNMENT;
  /** All of the memory, while it has not grown. */
  #words: Int32Array | null = null;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES });
  }

  /** Bytes of the memory as it is. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Room for so many bytes and the spare ones; null where the machine has no more. Its bytes are what was there before. */
  allocate(bytes: number): Block | null {
    const size = alignedSize(bytes);
    const at = this.#free.findIndex((b) => b.size >= size);
    if (at >= 0) {
      const { start, size: has } = known(this.#free[at], "a free block");
      this.#free.splice(at, 1, ...(has > size ? [{ start: start + size, size: has - size }] : []));
      return { start, size };
    }
    if (!this.#growTo(this.#top + size)) return null;
    const block = { start: this.#top, size };
    this.#top += size;
    return block;
  }

  /** Takes a block back; it must not be used any more. */
  free(block: Block): void {
    const at = this.#free.findIndex((b) => b.start > block.start);
    const next = at < 0 ? this.#free.length : at;
    let { start, size } = block;
    let [from, count] = [next, 0];
    const before = this.#free[next - 1];
    if (before !== undefined && before.start + before.size === start) {
      ({ start } = before);
      size += before.size;
      from--;
      count++;
    }
    const after = this.#free[next];
    if (after !== undefined && block.start + block.size === after.start) {
      size += after.size;
      count++;
    }
    if (start + size === this.#top) {
      this.#free.splice(from, count);
      this.#top = start;
    } else {
      this.#free.splice(from, count, { start, size });
    }
  }

  #growTo(end: number): boolean {
    const pages = Math.ceil(end / PAGE) - this.bytes / PAGE;
    if (pages <= 0) return true;
    // Growing is dear (every view is made anew), so that a memory grows by a quarter at least, if it can.
    const more = Math.max(pages, Math.min(Math.ceil(this.bytes / PAGE / 4), MOST_PAGES - this.bytes / PAGE));
    return this.#grow(more) || this.#grow(pages);
  }

  #grow(pages: number): boolean {
    if (pages + this.bytes / PAGE > MOST_PAGES) return false;
    try {
      this.memory.grow(pages);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Writes words of 32 bits; the address is a multiple of 4. A call of a kernel writes its arguments so, hence no new view. */
  writeWords(start: number, words: readonly number[]): void {
    if (this.#words === null || this.#words.buffer !== this.memory.buffer) {
      this.#words = new Int32Array(this.memory.buffer);
    }
    this.#words.set(words, start / 4);
  }

  /** A view of `length` array elements at an address. */
  view(dtype: DType, start: number, length: number): AnyArray {
    return new ARRAYS[dtype](this.memory.buffer, start, length);
  }
}

/** While someone has such an array, the tensor's memory is not given to another. */
const keeps = new WeakMap<AnyArray, WasmStorage>();

/**
 * The array as others are given it. All views share one buffer, which says nothing about who uses which part of it; so the
 * array has a `subarray` of its own, whose results keep the storage as the array does.
 */
function keeping(storage: WasmStorage, plain: AnyArray): AnyArray {
  const array = plain.subarray();
  keeps.set(array, storage);
  const subarray = (begin?: number, end?: number): AnyArray => keeping(storage, plain.subarray(begin, end));
  return Object.defineProperty(array, "subarray", { value: subarray, writable: true, configurable: true });
}

/** A tensor's elements in the shared memory. */
export class WasmStorage implements CpuStorage {
  readonly kind = "cpu";
  readonly owner: WasmMemory;
  readonly block: Block;
  readonly #dtype: DType;
  readonly #length: number;
  readonly #release: (storage: WasmStorage) => void;
  #view: AnyArray | null = null;

  /** `release` is called once, when the tensor is disposed of. */
  constructor(
    owner: WasmMemory,
    block: Block,
    content: { readonly dtype: DType; readonly length: number },
    release: (storage: WasmStorage) => void,
  ) {
    this.owner = owner;
    this.block = block;
    this.#dtype = content.dtype;
    this.#length = content.length;
    this.#release = release;
  }

  get array(): AnyArray {
    if (this.#view === null || this.#view.buffer !== this.owner.memory.buffer) {
      this.#view = keeping(this, this.owner.view(this.#dtype, this.block.start, this.#length));
    }
    return this.#view;
  }

  dispose(): void {
    this.#release(this);
  }
}

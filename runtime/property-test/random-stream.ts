/**
 * Random choices that are the same on every machine: Philox of random.ts over (stream, counter), keyed by the seed. Streams
 * of one seed do not disturb each other: fixing a size does not change the inputs that are drawn after it.
 */
import { known } from "../../compiler/support/invariant.ts";
import { philox } from "../random.ts";

export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #stream: number;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #left = 0;

  /** `seed` is a safe integer, not negative; `stream` below 2^32. */
  constructor(seed: number, stream: number) {
    this.#key = [seed | 0, Math.floor(seed / 2 ** 32)];
    this.#stream = stream;
  }

  /** 32 random bits. */
  word(): number {
    if (this.#left === 0) {
      // The last word keeps these blocks apart from those of random tensors.
      this.#words.set([this.#block++, 0, this.#stream, 1]);
      philox(this.#words, ...this.#key);
      this.#left = 4;
    }
    return this.#words[4 - this.#left--] ?? 0;
  }

  /** A number in 0..1. */
  unit(): number {
    return this.word() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A whole number in lo..hi (half-open, not empty, of any width). */
  whole(lo: bigint, hi: bigint): bigint {
    const bits = (BigInt(this.word()) << 32n) | BigInt(this.word());
    return lo + ((bits * (hi - lo)) >> 64n);
  }

  /** A whole number in 0..n; n is below 2^32. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return known(list[this.below(list.length)], "one of a list");
  }
}

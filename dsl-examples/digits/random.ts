/**
 * Random numbers that are the same on every machine and for ever: 32-bit integer operations and exact scaling only.
 * Every number is a function of (seed, stream, counter), so image 4711 can be drawn without drawing the 4711 before it.
 * The mixing function is `lowbias32` of Chris Wellons' hash prospector (public domain).
 */
import { element } from "./element.ts";

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** One stream of random numbers; streams of one seed are independent of each other. */
export class Random {
  readonly #first: number;
  readonly #second: number;
  #counter = 0;

  /** Both are taken modulo 2³². */
  constructor(seed: number, stream: number) {
    this.#first = mix((seed + 0x9e3779b9) | 0);
    this.#second = mix(mix((stream + 0x85ebca6b) | 0) ^ this.#first);
  }

  /** The next integer in [0, 2³²). */
  bits(): number {
    this.#counter = (this.#counter + 0x9e3779b9) | 0;
    return mix(mix(this.#counter ^ this.#first) ^ this.#second);
  }

  /** In [low, high); 32 bits of resolution. */
  uniform(low: number, high: number): number {
    return low + (high - low) * (this.bits() / 4294967296);
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  /** Bell-shaped with mean 0 and standard deviation 1, within ±3.47: the sum of four uniform numbers, rescaled. */
  bell(): number {
    const sum = this.uniform(0, 1) + this.uniform(0, 1) + this.uniform(0, 1) + this.uniform(0, 1);
    return (sum - 2) * 1.7320508075688772;
  }

  /** A random order of 0 … count−1 (Fisher and Yates). */
  order(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = element(order, i);
      order[i] = element(order, j);
      order[j] = held;
    }
    return order;
  }
}

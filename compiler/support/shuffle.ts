/**
 * Seeded orders: interpreters run what is said to be independent in an order that nobody chose, so that a dependence that
 * was overlooked shows. Generator: mulberry32 (Tommy Ettinger, public domain).
 */

/** Numbers in [0, 1), the same for the same seed. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The integers lo..hi in a random order (Fisher and Yates). */
export function shuffledRange(lo: number, hi: number, random: () => number): readonly number[] {
  const list = Array.from({ length: Math.max(0, hi - lo) }, (_, n) => lo + n);
  for (let n = list.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    const [a = 0, b = 0] = [list[n], list[other]];
    list[n] = b;
    list[other] = a;
  }
  return list;
}

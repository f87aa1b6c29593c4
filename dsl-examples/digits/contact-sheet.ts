/** A picture of a digit set to look at: one row for each digit, black ink on white paper. */
import { element } from "./element.ts";
import type { DigitSet } from "./generate.ts";
import { SIDE } from "./generate.ts";

const DIGITS = 10;

/** Grey pixels, row by row, 0 black. */
export type Picture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };

/** The first `columns` images of each digit, every pixel drawn as `zoom` × `zoom`. */
export function contactSheet(set: DigitSet, columns: number, zoom: number): Picture {
  const cell = SIDE * zoom;
  const width = columns * cell;
  const height = DIGITS * cell;
  const pixels = new Uint8Array(width * height).fill(255);
  const used = Array.from({ length: DIGITS }, () => 0);
  for (let i = 0; i < set.count; i++) {
    const digit = element(set.labels, i);
    const column = element(used, digit);
    if (column === columns) continue;
    used[digit] = column + 1;
    for (let y = 0; y < cell; y++) {
      for (let x = 0; x < cell; x++) {
        const grey = element(set.images, (i * SIDE + Math.floor(y / zoom)) * SIDE + Math.floor(x / zoom));
        pixels[(digit * cell + y) * width + column * cell + x] = 255 - grey;
      }
    }
  }
  return { width, height, pixels };
}

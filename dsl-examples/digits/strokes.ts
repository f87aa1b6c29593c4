/**
 * The ten digits as pen strokes: a font of our own, with several ways to write each digit. A stroke is a row of points
 * that the pen passes, joined by straight lines or by a smooth curve (uniform Catmull-Rom, which needs + and * only, so
 * that its points have the same bits on every machine).
 *
 * Units: hundredths of the digit's height. x runs to the right from 0 to about 60, y runs down from 0 to 100.
 */
import { element } from "./element.ts";

/** x and y in turn: x0, y0, x1, y1, … */
export type Stroke = { readonly kind: "line" | "curve" | "loop"; readonly points: readonly number[] };

/** The strokes that together write one digit. */
export type Glyph = readonly Stroke[];

const line = (...points: readonly number[]): Stroke => ({ kind: "line", points });
const curve = (...points: readonly number[]): Stroke => ({ kind: "curve", points });
/** A curve that returns to its first point. */
const loop = (...points: readonly number[]): Stroke => ({ kind: "loop", points });

/** GLYPHS[d] lists the ways to write the digit d. */
export const GLYPHS: readonly (readonly Glyph[])[] = [
  [
    [loop(30, 0, 54, 18, 60, 50, 54, 82, 30, 100, 6, 82, 0, 50, 6, 18)],
    [loop(34, 0, 48, 18, 50, 50, 42, 84, 26, 100, 12, 84, 10, 50, 18, 18)],
    [curve(44, 6, 24, 2, 7, 24, 2, 54, 10, 86, 30, 100, 50, 84, 58, 50, 50, 18, 28, 2, 18, 8)],
  ],
  [
    [line(30, 0, 30, 100)],
    [line(12, 24, 34, 0, 34, 100)],
    [line(14, 20, 32, 0, 32, 100), line(10, 100, 54, 100)],
    [curve(37, 0, 31, 50, 27, 100)],
  ],
  [
    [curve(5, 25, 14, 6, 32, 0, 52, 10, 55, 30, 44, 52, 22, 78, 2, 100), line(2, 100, 58, 100)],
    [curve(6, 22, 20, 3, 40, 2, 54, 20, 48, 46, 28, 76, 12, 95, 4, 90, 12, 80, 34, 92, 58, 96)],
    [curve(4, 14, 28, 0, 52, 12, 50, 38, 4, 98), curve(4, 98, 30, 93, 58, 100)],
  ],
  [
    [curve(6, 12, 28, 0, 50, 10, 50, 34, 26, 47), curve(26, 47, 52, 54, 58, 76, 40, 97, 18, 98, 2, 84)],
    [line(6, 2, 52, 2, 26, 40), curve(26, 40, 50, 48, 58, 70, 46, 94, 22, 100, 2, 88)],
    [curve(8, 10, 32, 0, 50, 16, 40, 40, 22, 47, 30, 50, 50, 58, 56, 80, 34, 100, 4, 92)],
  ],
  [
    [line(14, 0, 4, 58, 58, 58), line(44, 28, 44, 100)],
    [line(42, 100, 42, 0, 2, 66, 60, 66)],
    [curve(12, 2, 6, 30, 12, 50, 30, 54, 50, 48), line(50, 2, 46, 100)],
    [line(38, 100, 46, 0, 4, 62, 58, 60)],
  ],
  [
    [line(52, 0, 12, 0, 8, 42), curve(8, 42, 30, 34, 52, 46, 58, 70, 44, 94, 22, 100, 2, 88)],
    [line(14, 4, 10, 44), curve(10, 44, 34, 42, 52, 58, 50, 84, 28, 100, 2, 94), line(14, 4, 54, 2)],
    [curve(54, 5, 30, 2, 14, 12, 12, 36, 36, 46, 54, 62, 50, 88, 26, 100, 4, 92)],
  ],
  [
    [curve(48, 4, 24, 18, 8, 46, 4, 74, 18, 97, 40, 98, 56, 80, 50, 58, 30, 50, 8, 64)],
    [curve(30, 0, 14, 30, 6, 66, 14, 92, 34, 100, 52, 86, 50, 64, 32, 56, 10, 70)],
    [curve(54, 12, 34, 0, 12, 20, 3, 56, 12, 90, 32, 100, 54, 86, 54, 62, 34, 50, 10, 60)],
  ],
  [
    [line(2, 0, 58, 0, 22, 100)],
    [line(4, 4, 56, 2, 24, 100), line(18, 50, 54, 50)],
    [line(4, 16, 4, 2, 56, 2), curve(56, 2, 36, 40, 26, 72, 24, 100)],
  ],
  [
    [loop(30, 0, 50, 12, 48, 34, 30, 46, 12, 34, 10, 12), loop(30, 46, 54, 60, 54, 86, 30, 100, 6, 86, 6, 60)],
    [loop(50, 14, 30, 0, 10, 14, 17, 36, 44, 58, 52, 82, 30, 100, 8, 82, 16, 58, 43, 36)],
    [curve(48, 8, 24, 2, 14, 20, 34, 44, 46, 72, 34, 98, 14, 90, 14, 68, 40, 40, 50, 6)],
  ],
  [
    [loop(30, 0, 52, 14, 52, 38, 30, 50, 8, 38, 8, 14), curve(54, 22, 53, 60, 46, 100)],
    [curve(52, 26, 38, 50, 14, 46, 6, 24, 22, 2, 44, 4, 53, 26, 50, 64, 38, 100)],
    [loop(28, 2, 50, 14, 50, 38, 28, 48, 8, 38, 8, 14), line(52, 2, 52, 100)],
    [curve(52, 20, 36, 46, 12, 42, 8, 16, 30, 0, 50, 12, 54, 44, 46, 86, 24, 100, 6, 90)],
  ],
];

/** Lines that each span of a curve becomes. */
const SPAN_LINES = 6;

/** The stroke as one row of points joined by straight lines (x, y in turn). */
export function flatten(stroke: Stroke): readonly number[] {
  return stroke.kind === "line" ? stroke.points : flattenCurve(stroke.points, stroke.kind === "loop");
}

/**
 * Catmull and Rom, "A class of local interpolating splines" (1974), uniform. An open end mirrors the neighbouring point, so
 * that the pen starts and stops straight.
 */
function flattenCurve(points: readonly number[], closed: boolean): readonly number[] {
  const count = points.length / 2;
  const at = (index: number, axis: 0 | 1): number => {
    const coordinate = (i: number): number => element(points, 2 * i + axis);
    if (closed) return coordinate((index + count) % count);
    if (index < 0) return 2 * coordinate(0) - coordinate(1);
    if (index >= count) return 2 * coordinate(count - 1) - coordinate(count - 2);
    return coordinate(index);
  };
  const flat: number[] = [at(0, 0), at(0, 1)];
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    for (let step = 1; step <= SPAN_LINES; step++) {
      const t = step / SPAN_LINES;
      for (const axis of [0, 1] as const) {
        flat.push(catmullRom(at(i - 1, axis), at(i, axis), at(i + 1, axis), at(i + 2, axis), t));
      }
    }
  }
  return flat;
}

/** From b at t = 0 to c at t = 1; a and d are the neighbours. */
function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/**
 * Draws handwritten-looking digits: one glyph of the stroke font, bent a little, put through a random affine map, drawn
 * with a round pen of random width, then blurred, faded and dirtied. An image is a function of (seed, index) alone.
 *
 * The bytes are the same on every machine: everything is + − * / sqrt and floor on doubles, which IEEE 754 rounds exactly
 * (Math.sin and Math.exp may differ in the last bit from one engine to the next, so they do not occur). Rotations use
 * the half-angle parametrisation cos = (1 − t²)/(1 + t²), sin = 2t/(1 + t²).
 */
import { element } from "./element.ts";
import { Random } from "./random.ts";
import type { Glyph } from "./strokes.ts";
import { flatten, GLYPHS } from "./strokes.ts";

/** Width and height of an image, in pixels. */
export const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** `count` images of SIDE × SIDE bytes, row by row, 0 paper and 255 ink; `labels[i]` is the digit of image i. */
export type DigitSet = { readonly count: number; readonly images: Uint8Array; readonly labels: Uint8Array };

/** How far images stray from the font. Lengths are in pixels, unless said otherwise. */
const STYLE = {
  /** Pixels per hundredth of the digit's height. */
  scale: [0.165, 0.225],
  /** Horizontal over vertical scale. */
  aspect: [0.75, 1.25],
  /** tan of half the angle: about ±20°. */
  turn: [-0.176, 0.176],
  shear: [-0.3, 0.3],
  shift: [-2.5, 2.5],
  /** Standard deviation of each pen point and of the smooth bend, in hundredths of the height. */
  jitter: 1.8,
  bend: 5,
  pen: [0.65, 1.7],
  /** Width of the pen's soft edge. */
  edge: [0.9, 1.8],
  blur: [0, 0.8],
  ink: [130, 255],
  /** Standard deviation of the noise of one image's pixels, in grey levels. */
  noise: [0, 26],
  /** How often a stray mark crosses the image, and how often the pen skips. */
  mark: 0.12,
  skip: 0.12,
} as const;

/** Numbers of random streams: image i uses stream i, the order of the labels uses this one. */
const LABEL_STREAM = 0x4c000000;

/** The set of a seed. Every ten neighbours hold each digit once, in random order. */
export function generate(seed: number, count: number): DigitSet {
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  const labelling = new Random(seed, LABEL_STREAM);
  let order = labelling.order(GLYPHS.length);
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % GLYPHS.length === 0) order = labelling.order(GLYPHS.length);
    const digit = element(order, i % GLYPHS.length);
    labels[i] = digit;
    images.set(draw(digit, new Random(seed, i)), i * PIXELS);
  }
  return { count, images, labels };
}

/** One image of a digit. */
function draw(digit: number, random: Random): Uint8Array {
  const glyphs = element(GLYPHS, digit);
  const glyph = element(glyphs, random.below(glyphs.length));
  const strokes = place(glyph, random);
  if (random.uniform(0, 1) < STYLE.mark) strokes.push(strayMark(random));
  const distance = distances(strokes);
  const ink = blur(penProfile(distance, random), random);
  if (random.uniform(0, 1) < STYLE.skip) liftPen(ink, random);
  return expose(ink, random);
}

function pick(random: Random, range: readonly [number, number]): number {
  return random.uniform(range[0], range[1]);
}

/** The glyph's strokes as rows of points in pixels, after jitter, bend and affine map. */
function place(glyph: Glyph, random: Random): (readonly number[])[] {
  const bent = bender(random);
  const placed = affine(random);
  return glyph.map((stroke) => {
    const points = stroke.points.map((coordinate) => coordinate + STYLE.jitter * random.bell());
    const flat = flatten({ kind: stroke.kind, points });
    const result: number[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const [x, y] = bent(element(flat, i), element(flat, i + 1));
      result.push(...placed(x, y));
    }
    return result;
  });
}

type PointMap = (x: number, y: number) => readonly [number, number];

/** A smooth displacement: random vectors on a grid of 3 × 3 over the glyph's box, interpolated bilinearly. */
function bender(random: Random): PointMap {
  const dx = Array.from({ length: 9 }, () => STYLE.bend * random.bell());
  const dy = Array.from({ length: 9 }, () => STYLE.bend * random.bell());
  return (x, y) => {
    const u = Math.min(Math.max(x / 30, 0), 2);
    const v = Math.min(Math.max(y / 50, 0), 2);
    const column = Math.min(Math.floor(u), 1);
    const row = Math.min(Math.floor(v), 1);
    const s = u - column;
    const t = v - row;
    const blend = (grid: readonly number[]): number => {
      const at = (r: number, c: number): number => element(grid, 3 * (row + r) + column + c);
      return (1 - t) * ((1 - s) * at(0, 0) + s * at(0, 1)) + t * ((1 - s) * at(1, 0) + s * at(1, 1));
    };
    return [x + blend(dx), y + blend(dy)];
  };
}

/** Scale, shear, rotation, shift: the glyph's centre (30, 50) goes to about the image's centre. */
function affine(random: Random): PointMap {
  const scaleY = pick(random, STYLE.scale);
  const scaleX = scaleY * pick(random, STYLE.aspect);
  const t = pick(random, STYLE.turn);
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const shear = pick(random, STYLE.shear);
  const centreX = SIDE / 2 + pick(random, STYLE.shift);
  const centreY = SIDE / 2 + pick(random, STYLE.shift);
  return (x, y) => {
    const v = scaleY * (y - 50);
    const u = scaleX * (x - 30) - shear * v;
    return [centreX + cos * u - sin * v, centreY + sin * u + cos * v];
  };
}

/** A short straight line somewhere, as from a neighbouring digit or a fold. */
function strayMark(random: Random): readonly number[] {
  const x = random.uniform(0, SIDE);
  const y = random.uniform(0, SIDE);
  return [x, y, x + random.uniform(-6, 6), y + random.uniform(-6, 6)];
}

/** Farther than any pen reaches. */
const REACH = 5;

/** For each pixel centre the distance to the nearest stroke, at most REACH. */
function distances(strokes: readonly (readonly number[])[]): Float64Array {
  const squared = new Float64Array(PIXELS).fill(REACH * REACH);
  for (const points of strokes) {
    for (let i = 0; i + 3 < points.length; i += 2) {
      const at = (k: number): number => element(points, i + k);
      nearer(squared, at(0), at(1), at(2), at(3));
    }
  }
  return squared.map((square) => Math.sqrt(square));
}

/** First and last row or column that a pen between two coordinates can reach. */
function reached(a: number, b: number): readonly [number, number] {
  const first = Math.floor(Math.min(a, b) - REACH);
  const last = Math.floor(Math.max(a, b) + REACH);
  return [Math.max(first, 0), Math.min(last, SIDE - 1)];
}

/** Lowers the squared distances near the line from (ax, ay) to (bx, by). */
function nearer(squared: Float64Array, ax: number, ay: number, bx: number, by: number): void {
  const [top, bottom] = reached(ay, by);
  const [left, right] = reached(ax, bx);
  const ux = bx - ax;
  const uy = by - ay;
  const length2 = ux * ux + uy * uy;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - ax;
      const py = row + 0.5 - ay;
      const along = length2 > 0 ? Math.min(Math.max((px * ux + py * uy) / length2, 0), 1) : 0;
      const dx = px - along * ux;
      const dy = py - along * uy;
      const square = dx * dx + dy * dy;
      if (square < element(squared, row * SIDE + column)) squared[row * SIDE + column] = square;
    }
  }
}

/** Distances to amounts of ink in [0, 1]: a round pen whose edge falls off smoothly. */
function penProfile(distance: Float64Array, random: Random): Float64Array {
  const radius = pick(random, STYLE.pen);
  const edge = pick(random, STYLE.edge);
  return distance.map((d) => {
    const v = Math.min(Math.max(0.5 + (radius - d) / edge, 0), 1);
    return v * v * (3 - 2 * v);
  });
}

/** Mixes the image with its 3 × 3 binomial average; outside is paper. */
function blur(ink: Float64Array, random: Random): Float64Array {
  const amount = pick(random, STYLE.blur);
  const at = (row: number, column: number): number =>
    row < 0 || row >= SIDE || column < 0 || column >= SIDE ? 0 : element(ink, row * SIDE + column);
  return ink.map((value, i) => {
    const row = Math.floor(i / SIDE);
    const column = i % SIDE;
    const line = (r: number): number => at(r, column - 1) + 2 * at(r, column) + at(r, column + 1);
    const average = (line(row - 1) + 2 * line(row) + line(row + 1)) / 16;
    return (1 - amount) * value + amount * average;
  });
}

/** Fades a small round spot, as where a pen skips. */
function liftPen(ink: Float64Array, random: Random): void {
  const x = random.uniform(6, SIDE - 6);
  const y = random.uniform(6, SIDE - 6);
  const radius = random.uniform(1.5, 3);
  for (let i = 0; i < PIXELS; i++) {
    const dx = (i % SIDE) + 0.5 - x;
    const dy = Math.floor(i / SIDE) + 0.5 - y;
    const kept = Math.min((dx * dx + dy * dy) / (radius * radius), 1);
    ink[i] = element(ink, i) * kept;
  }
}

/** Ink to grey levels, with noise. */
function expose(ink: Float64Array, random: Random): Uint8Array {
  const black = pick(random, STYLE.ink);
  const noise = pick(random, STYLE.noise);
  const bytes = new Uint8Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const grey = black * element(ink, i) + noise * random.bell();
    bytes[i] = Math.min(Math.max(Math.floor(grey + 0.5), 0), 255);
  }
  return bytes;
}

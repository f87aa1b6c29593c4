/**
 * The network `lenet` (dsl-examples/lenet.ein), forward and backward, for one image at a time in f64. It is the reference
 * and the trainer's model, so it is written plainly and shares nothing with the compiler:
 *
 *   image [28, 28] → convolve 5 × 5, pad 2, 8 channels → relu → max pool 2 × 2 → [8, 14, 14]
 *                  → convolve 5 × 5, pad 2, 16 channels → relu → max pool 3 × 3 → [16, 4, 4]
 *                  → flatten, feature c*16 + y*4 + x → linear → 10 logits
 *
 * Pooling comes before relu here: relu is monotone, so the values are the same, and fewer are touched. The backward pass
 * follows only the positions that won a pool, for no other position has a gradient; that makes it several times cheaper
 * than the forward pass. Rows and columns 12 and 13 of the second convolution are read by no pool and are not computed.
 */
import { element } from "./element.ts";
import { SIDE } from "./generate.ts";

/** Shapes of the parameters, in the order in which files hold them; layouts as in `lenet`. */
export const PARAMETER_SHAPES = {
  w1: [8, 1, 5, 5],
  b1: [8],
  w2: [16, 8, 5, 5],
  b2: [16],
  wf: [256, 10],
  bf: [10],
} as const satisfies Record<string, readonly number[]>;

export type ParameterName = keyof typeof PARAMETER_SHAPES;
export const PARAMETER_NAMES: readonly ParameterName[] = ["w1", "b1", "w2", "b2", "wf", "bf"];

/** One row-major array for each parameter; gradients and velocities have the same form. */
export type Parameters = { readonly [Name in ParameterName]: Float64Array };

export const CLASSES = 10;

const KERNEL = 5;
const TAPS = KERNEL * KERNEL;
const MARGIN = 2;
const FEATURES = 256;

/**
 * One convolution with the pool behind it. Input planes have a margin of MARGIN zeros all around and are `pitch` wide with
 * it; output planes are `pooled` wide inside a margin of `outputMargin`.
 */
type Layer = {
  readonly inputs: number;
  readonly pitch: number;
  readonly outputs: number;
  /** Width of the convolution's computed output. */
  readonly size: number;
  /** Width and step of the pool's windows; size = window * pooled. */
  readonly window: number;
  readonly pooled: number;
  readonly outputMargin: number;
};

const LAYER1: Layer = { inputs: 1, pitch: 32, outputs: 8, size: 28, window: 2, pooled: 14, outputMargin: MARGIN };
const LAYER2: Layer = { inputs: 8, pitch: 18, outputs: 16, size: 12, window: 3, pooled: 4, outputMargin: 0 };

/** All zero. */
export function zeroParameters(): Parameters {
  return { w1: zeros("w1"), b1: zeros("b1"), w2: zeros("w2"), b2: zeros("b2"), wf: zeros("wf"), bf: zeros("bf") };
}

function zeros(name: ParameterName): Float64Array {
  return new Float64Array(PARAMETER_SHAPES[name].reduce((size: number, extent) => size * extent, 1));
}

/** `element` for the inner loops: it sees one kind of array only, which makes the whole pass several times faster. */
function at(array: Float64Array, index: number): number {
  const value = array[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${array.length}`);
  return value;
}

/** The memory of one forward and backward pass, used again for the next image. */
export class Network {
  readonly #image = inputPlanes(LAYER1);
  readonly #sums1 = sumPlanes(LAYER1);
  readonly #hidden1 = inputPlanes(LAYER2);
  readonly #winners1 = new Float64Array(LAYER1.outputs * LAYER1.pooled ** 2);
  readonly #sums2 = sumPlanes(LAYER2);
  readonly #hidden2 = new Float64Array(FEATURES);
  readonly #winners2 = new Float64Array(FEATURES);
  readonly #gradient1 = inputPlanes(LAYER2);
  readonly #gradient2 = new Float64Array(FEATURES);
  readonly #logits = new Float64Array(CLASSES);

  /**
   * Logits of image `index` of `images` ([n, 28, 28]), whose values are multiplied by `inputScale` first. The result is
   * overwritten by the next call.
   */
  forward(parameters: Parameters, images: ArrayLike<number>, index: number, inputScale: number): Float64Array {
    const { w1, b1, w2, b2, wf, bf } = parameters;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const value = element(images, (index * SIDE + y) * SIDE + x);
        this.#image[(y + MARGIN) * LAYER1.pitch + x + MARGIN] = value * inputScale;
      }
    }
    convolve(LAYER1, this.#image, w1, b1, this.#sums1);
    poolRelu(LAYER1, this.#sums1, this.#hidden1, this.#winners1);
    convolve(LAYER2, this.#hidden1, w2, b2, this.#sums2);
    poolRelu(LAYER2, this.#sums2, this.#hidden2, this.#winners2);
    this.#logits.set(bf);
    for (let f = 0; f < FEATURES; f++) {
      const feature = at(this.#hidden2, f);
      for (let n = 0; n < CLASSES; n++) {
        this.#logits[n] = at(this.#logits, n) + feature * at(wf, f * CLASSES + n);
      }
    }
    return this.#logits;
  }

  /** Adds to `gradient` the gradient of the last forward call, given that of its logits. */
  backward(parameters: Parameters, logitGradient: Float64Array, gradient: Parameters): void {
    for (let n = 0; n < CLASSES; n++) gradient.bf[n] = at(gradient.bf, n) + at(logitGradient, n);
    for (let f = 0; f < FEATURES; f++) {
      const feature = at(this.#hidden2, f);
      let sum = 0;
      for (let n = 0; n < CLASSES; n++) {
        const i = f * CLASSES + n;
        sum += at(parameters.wf, i) * at(logitGradient, n);
        gradient.wf[i] = at(gradient.wf, i) + feature * at(logitGradient, n);
      }
      this.#gradient2[f] = sum;
    }
    this.#gradient1.fill(0);
    this.#backwardLayer2(parameters.w2, gradient);
    this.#backwardLayer1(gradient);
  }

  #backwardLayer2(weights: Float64Array, gradient: Parameters): void {
    const { inputs, outputs, pitch, pooled } = LAYER2;
    for (let output = 0; output < outputs; output++) {
      for (let f = output * pooled * pooled; f < (output + 1) * pooled * pooled; f++) {
        if (at(this.#hidden2, f) <= 0) continue;
        const g = at(this.#gradient2, f);
        gradient.b2[output] = at(gradient.b2, output) + g;
        for (let input = 0; input < inputs; input++) {
          const corner = input * pitch * pitch + at(this.#winners2, f);
          const tap = (output * inputs + input) * TAPS;
          addToWeights(gradient.w2, tap, this.#hidden1, corner, pitch, g);
          addToInput(this.#gradient1, corner, pitch, weights, tap, g);
        }
      }
    }
  }

  #backwardLayer1(gradient: Parameters): void {
    const { outputs, pitch, pooled } = LAYER1;
    for (let output = 0; output < outputs; output++) {
      for (let y = 0; y < pooled; y++) {
        for (let x = 0; x < pooled; x++) {
          const position = (output * LAYER2.pitch + y + MARGIN) * LAYER2.pitch + x + MARGIN;
          if (at(this.#hidden1, position) <= 0) continue;
          const g = at(this.#gradient1, position);
          gradient.b1[output] = at(gradient.b1, output) + g;
          const corner = at(this.#winners1, (output * pooled + y) * pooled + x);
          addToWeights(gradient.w1, output * TAPS, this.#image, corner, pitch, g);
        }
      }
    }
  }
}

function inputPlanes(layer: Layer): Float64Array {
  return new Float64Array(layer.inputs * layer.pitch * layer.pitch);
}

function sumPlanes(layer: Layer): Float64Array {
  return new Float64Array(layer.outputs * layer.size * layer.size);
}

/** The convolution's sums with bias, [outputs, size, size]. */
function convolve(
  layer: Layer,
  input: Float64Array,
  weights: Float64Array,
  bias: Float64Array,
  sums: Float64Array,
): void {
  const { inputs, outputs, pitch, size } = layer;
  const plane = size * size;
  for (let output = 0; output < outputs; output++) {
    sums.fill(at(bias, output), output * plane, (output + 1) * plane);
    for (let i = 0; i < inputs; i++) {
      for (let row = 0; row < KERNEL; row++) {
        const tap = ((output * inputs + i) * KERNEL + row) * KERNEL;
        for (let y = 0; y < size; y++) {
          addRow(sums, (output * size + y) * size, size, input, (i * pitch + y + row) * pitch, weights, tap);
        }
      }
    }
  }
}

/** Adds to a row of sums the inner products of the five weights at `tap` with a window that slides along a row of input. */
function addRow(
  sums: Float64Array,
  sumStart: number,
  size: number,
  input: Float64Array,
  inputStart: number,
  weights: Float64Array,
  tap: number,
): void {
  const w0 = at(weights, tap);
  const w1 = at(weights, tap + 1);
  const w2 = at(weights, tap + 2);
  const w3 = at(weights, tap + 3);
  const w4 = at(weights, tap + 4);
  let v0 = at(input, inputStart);
  let v1 = at(input, inputStart + 1);
  let v2 = at(input, inputStart + 2);
  let v3 = at(input, inputStart + 3);
  for (let x = 0; x < size; x++) {
    const v4 = at(input, inputStart + x + 4);
    sums[sumStart + x] = at(sums, sumStart + x) + w0 * v0 + w1 * v1 + w2 * v2 + w3 * v3 + w4 * v4;
    v0 = v1;
    v1 = v2;
    v2 = v3;
    v3 = v4;
  }
}

/**
 * max(0, largest sum of each window) into `hidden`; `winners` gets, for each, the offset y*pitch + x of the winner's first
 * tap in an input plane, which is all that the backward pass wants to know. The first of equals wins.
 */
function poolRelu(layer: Layer, sums: Float64Array, hidden: Float64Array, winners: Float64Array): void {
  const { outputs, pitch, size, window, pooled, outputMargin } = layer;
  const width = pooled + 2 * outputMargin;
  for (let output = 0; output < outputs; output++) {
    for (let y = 0; y < pooled; y++) {
      for (let x = 0; x < pooled; x++) {
        let best = -Infinity;
        let winner = 0;
        for (let row = y * window; row < (y + 1) * window; row++) {
          for (let column = x * window; column < (x + 1) * window; column++) {
            const sum = at(sums, (output * size + row) * size + column);
            if (sum > best) {
              best = sum;
              winner = row * pitch + column;
            }
          }
        }
        hidden[(output * width + y + outputMargin) * width + x + outputMargin] = best > 0 ? best : 0;
        winners[(output * pooled + y) * pooled + x] = winner;
      }
    }
  }
}

/** Weight gradient of one output position: g times the 5 × 5 window of the input that it read. */
function addToWeights(
  gradient: Float64Array,
  tap: number,
  input: Float64Array,
  corner: number,
  pitch: number,
  g: number,
): void {
  for (let row = 0; row < KERNEL; row++) {
    for (let column = 0; column < KERNEL; column++) {
      const i = tap + row * KERNEL + column;
      gradient[i] = at(gradient, i) + g * at(input, corner + row * pitch + column);
    }
  }
}

/** Input gradient of one output position: g times the 5 × 5 weights at `tap`, into the window that it read. */
function addToInput(
  gradient: Float64Array,
  corner: number,
  pitch: number,
  weights: Float64Array,
  tap: number,
  g: number,
): void {
  for (let row = 0; row < KERNEL; row++) {
    for (let column = 0; column < KERNEL; column++) {
      const i = corner + row * pitch + column;
      gradient[i] = at(gradient, i) + g * at(weights, tap + row * KERNEL + column);
    }
  }
}

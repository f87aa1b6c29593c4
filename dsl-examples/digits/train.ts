/**
 * Trains the network on a digit set: softmax cross-entropy, stochastic gradient descent with momentum, learning rate
 * falling linearly to zero. The seed decides the first weights (He et al. 2015) and the order of the images. All in f64
 * with exactly rounded operations in a fixed order, so the weights have the same bits on every machine.
 */
import { element } from "./element.ts";
import { exactExp, exactLog } from "./exact-math.ts";
import type { DigitSet } from "./generate.ts";
import type { Parameters } from "./network.ts";
import { CLASSES, Network, PARAMETER_NAMES, PARAMETER_SHAPES, zeroParameters } from "./network.ts";
import { Random } from "./random.ts";

/** What fixes a training run, beside the images. */
export type TrainingSettings = {
  readonly seed: number;
  readonly epochs: number;
  /** Images per step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly momentum: number;
};

/** Images are 0..255; the first weights expect 0..1. */
const INPUT_SCALE = 1 / 255;

/** Random streams of a training seed: one for each parameter, then one for each epoch. */
const EPOCH_STREAM = 16;

/** He initialisation: standard deviation √(2 / fan-in); biases start at zero. */
function firstParameters(seed: number): Parameters {
  const parameters = zeroParameters();
  for (const [stream, name] of PARAMETER_NAMES.entries()) {
    const shape: readonly number[] = PARAMETER_SHAPES[name];
    if (shape.length === 1) continue;
    // w[o, i, y, x] reads i*y*x inputs, wf[f, n] reads f.
    const [outer = 1, ...inner] = shape;
    const fanIn = shape.length === 4 ? inner.reduce((size, extent) => size * extent, 1) : outer;
    const random = new Random(seed, stream);
    const deviation = Math.sqrt(2 / fanIn);
    for (let i = 0; i < parameters[name].length; i++) parameters[name][i] = deviation * random.bell();
  }
  return parameters;
}

/**
 * Cross-entropy −log softmax(logits)[label]; `gradient` receives its derivative by the logits, softmax(logits) minus one
 * at the label.
 */
export function crossEntropy(logits: Float64Array, label: number, gradient: Float64Array): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let n = 0; n < CLASSES; n++) {
    const e = exactExp(element(logits, n) - largest);
    gradient[n] = e;
    sum += e;
  }
  for (let n = 0; n < CLASSES; n++) {
    gradient[n] = element(gradient, n) / sum - (n === label ? 1 : 0);
  }
  return exactLog(sum) + largest - element(logits, label);
}

/** A training run, one step at a time. */
export class Trainer {
  readonly parameters: Parameters;
  readonly steps: number;
  readonly #set: DigitSet;
  readonly #settings: TrainingSettings;
  readonly #network = new Network();
  readonly #gradient = zeroParameters();
  readonly #velocity = zeroParameters();
  readonly #logitGradient = new Float64Array(CLASSES);
  #step = 0;
  #order: Uint32Array = new Uint32Array();

  constructor(set: DigitSet, settings: TrainingSettings) {
    this.#set = set;
    this.#settings = settings;
    this.parameters = firstParameters(settings.seed);
    this.steps = settings.epochs * this.#stepsPerEpoch;
  }

  /** An incomplete last batch is left out. */
  get #stepsPerEpoch(): number {
    return Math.floor(this.#set.count / this.#settings.batch);
  }

  /** Trains on the next batch and returns its mean loss before the step. */
  step(): number {
    const { batch, seed } = this.#settings;
    const position = this.#step % this.#stepsPerEpoch;
    if (position === 0) {
      const epoch = this.#step / this.#stepsPerEpoch;
      this.#order = new Random(seed, EPOCH_STREAM + epoch).order(this.#set.count);
    }
    for (const name of PARAMETER_NAMES) this.#gradient[name].fill(0);
    let loss = 0;
    for (const index of this.#order.subarray(position * batch, (position + 1) * batch)) {
      const logits = this.#network.forward(this.parameters, this.#set.images, index, INPUT_SCALE);
      loss += crossEntropy(logits, element(this.#set.labels, index), this.#logitGradient);
      this.#network.backward(this.parameters, this.#logitGradient, this.#gradient);
    }
    this.#descend();
    this.#step++;
    return loss / batch;
  }

  /** One step of gradient descent with momentum. */
  #descend(): void {
    const { batch, learningRate, momentum } = this.#settings;
    const rate = (learningRate * (this.steps - this.#step)) / this.steps / batch;
    for (const name of PARAMETER_NAMES) {
      const gradient = this.#gradient[name];
      const velocity = this.#velocity[name];
      const parameter = this.parameters[name];
      for (let i = 0; i < parameter.length; i++) {
        const v = momentum * element(velocity, i) - rate * element(gradient, i);
        velocity[i] = v;
        parameter[i] = element(parameter, i) + v;
      }
    }
  }
}

/** The trained parameters rounded to f32, for images of 0..255: the input's scale is folded into w1. */
export function shippedParameters(trained: Parameters): Parameters {
  const rounded = zeroParameters();
  for (const name of PARAMETER_NAMES) {
    const scale = name === "w1" ? INPUT_SCALE : 1;
    for (const [i, value] of trained[name].entries()) rounded[name][i] = Math.fround(value * scale);
  }
  return rounded;
}

/** Logits [count, 10] of shipped parameters for images [count, 28, 28] of 0..255; computed in f64, then rounded to f32. */
export function classify(parameters: Parameters, images: ArrayLike<number>, count: number): Float32Array {
  const network = new Network();
  const logits = new Float32Array(count * CLASSES);
  for (let i = 0; i < count; i++) logits.set(network.forward(parameters, images, i, 1), i * CLASSES);
  return logits;
}

/** How many rows of `logits` [n, 10] have their largest entry at the row's label; the first of equals counts. */
export function countRight(logits: Float32Array, labels: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    if (row.indexOf(largest) === labels[i]) right++;
  }
  return right;
}

/**
 * The shipped digit set: it is drawn the same for ever, its trainer's gradients are right, its weights do what digits.json
 * says, and its network is the one that MNIST's published weights are for.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exactExp, exactLog } from "../../dsl-examples/digits/exact-math.ts";
import { decodeParameters, encodeLogits, encodeSet } from "../../dsl-examples/digits/files.ts";
import { generate, SIDE } from "../../dsl-examples/digits/generate.ts";
import type { ParameterName, Parameters } from "../../dsl-examples/digits/network.ts";
import { Network, PARAMETER_NAMES, zeroParameters } from "../../dsl-examples/digits/network.ts";
import { Random } from "../../dsl-examples/digits/random.ts";
import { classify, countRight, crossEntropy } from "../../dsl-examples/digits/train.ts";
import { readNpy } from "../../runtime/files/npy.ts";

describe("generator", () => {
  it("draws the same bytes for ever", () => {
    const { images, labels } = generate(1, 50);
    const hash = createHash("sha256").update(images).update(labels).digest("hex");
    expect(hash).toBe("cbf0146d45bc328b2725bccf30860f0482b2b7d3caa0cb6097aaea242174fd7c");
  });

  it("draws image i from the seed and i alone, each digit once in ten", () => {
    const few = generate(7, 20);
    const many = generate(7, 30);
    expect(many.images.subarray(0, few.images.length)).toEqual(few.images);
    expect([...few.labels.subarray(10)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(generate(8, 20).images).not.toEqual(few.images);
  });

  it("puts ink into the middle of every image", () => {
    const { images, count } = generate(9, 100);
    for (let i = 0; i < count; i++) {
      const rows = images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
      expect(Math.max(...rows)).toBeGreaterThan(100);
      // Mostly paper: a digit covers less than a third of its image.
      expect(rows.filter((grey) => grey > 100).length).toBeLessThan((SIDE * SIDE) / 3);
    }
  });
});

describe("exact exp and log", () => {
  it("agree with Math to a few units in the last place", () => {
    const random = new Random(5, 0);
    for (let i = 0; i < 2000; i++) {
      const x = random.uniform(-60, 60);
      expect(Math.abs(exactExp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
      const y = exactExp(x / 4);
      expect(Math.abs(exactLog(y) - Math.log(y))).toBeLessThan(1e-15 * Math.max(1, Math.abs(Math.log(y))));
    }
    expect([exactExp(0), exactLog(1), exactExp(-1000)]).toEqual([1, 0, 0]);
  });
});

const BATCH = 2;

/** Random parameters and images: no sum is near a tie or a zero, where the loss has no derivative. */
function randomProblem(seed: number): { parameters: Parameters; images: Float64Array } {
  const random = new Random(seed, 0);
  const parameters = zeroParameters();
  for (const name of PARAMETER_NAMES) {
    for (let i = 0; i < parameters[name].length; i++) parameters[name][i] = 0.2 * random.bell();
  }
  const images = Float64Array.from({ length: BATCH * SIDE * SIDE }, () => random.uniform(0, 1));
  return { parameters, images };
}

describe("trainer", () => {
  const seed = 11;
  const { parameters, images } = randomProblem(seed);
  const network = new Network();
  const scratch = new Float64Array(10);
  const loss = (): number => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum += crossEntropy(network.forward(parameters, images, i, 1), 3 + i, scratch);
    return sum;
  };
  const gradient = zeroParameters();
  for (let i = 0; i < BATCH; i++) {
    crossEntropy(network.forward(parameters, images, i, 1), 3 + i, scratch);
    network.backward(parameters, scratch, gradient);
  }

  /** Central difference of the loss along `direction`, which is restored exactly afterwards. */
  function slope(name: ParameterName, direction: Float64Array): number {
    const step = 1e-6;
    const start = parameters[name].slice();
    const moved = (t: number): number => {
      parameters[name].set(start.map((value, i) => value + t * (direction[i] ?? Number.NaN)));
      return loss();
    };
    const result = (moved(step) - moved(-step)) / (2 * step);
    parameters[name].set(start);
    return result;
  }

  it.each(PARAMETER_NAMES)("has the gradient of finite differences for %s", (name) => {
    const random = new Random(seed, 1);
    const { length } = parameters[name];
    const largest = gradient[name].reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largest).toBeGreaterThan(1e-3);
    // Every entry at once in random directions, then single entries: all of a small tensor, a sample of a large one.
    for (let trial = 0; trial < 3; trial++) {
      const direction = Float64Array.from({ length }, () => random.bell() / Math.sqrt(length));
      const expected = gradient[name].reduce((sum, g, i) => sum + g * (direction[i] ?? Number.NaN), 0);
      expect(Math.abs(slope(name, direction) - expected), `seed ${seed}`).toBeLessThan(1e-5 * largest);
    }
    for (const i of random.order(length).subarray(0, 40)) {
      const error = Math.abs(
        slope(name, new Float64Array(length).fill(1, i, i + 1)) - (gradient[name][i] ?? Number.NaN),
      );
      expect(error, `entry ${i}, seed ${seed}`).toBeLessThan(1e-5 * largest);
    }
  });
});

const SHIPPED = new URL("../../dsl-examples/digits/", import.meta.url);
const MNIST = new URL("../../../shared/data/mnist/", import.meta.url);
const bytesOf = (folder: URL, name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const tensorOf = (folder: URL, name: string) => readNpy(bytesOf(folder, name), name);

describe("shipped files", () => {
  const images = tensorOf(SHIPPED, "images_u8.npy").as("u8");
  const labels = tensorOf(SHIPPED, "labels.npy").as("i32");
  const parameters = decodeParameters(bytesOf(SHIPPED, "weights.safetensors"), "weights.safetensors");
  const report: unknown = JSON.parse(readFileSync(new URL("digits.json", SHIPPED), "utf8"));

  it("hold the images that the generator draws", () => {
    expect([images.shape, labels.shape]).toEqual([[500, 1, SIDE, SIDE], [500]]);
    const { "images_u8.npy": drawn, "labels.npy": labelled } = encodeSet(generate(2, 500));
    expect(Buffer.compare(bytesOf(SHIPPED, "images_u8.npy"), drawn)).toBe(0);
    expect(Buffer.compare(bytesOf(SHIPPED, "labels.npy"), labelled)).toBe(0);
  });

  it("hold weights that are at least 97 % right, with the logits and the count that were recorded", () => {
    const logits = classify(parameters, images.data, 500);
    const right = countRight(logits, labels.data);
    expect(right).toBeGreaterThanOrEqual(0.97 * 500);
    expect(report).toMatchObject({ heldOutRight: right });
    expect(Buffer.compare(bytesOf(SHIPPED, "logits.npy"), encodeLogits(logits))).toBe(0);
  });

  it("are those that digits.json was written with", () => {
    const names = ["images_u8.npy", "labels.npy", "weights.safetensors", "logits.npy"];
    const sha256 = names.map((name) => [name, sha256Of(bytesOf(SHIPPED, name))]);
    expect(report).toMatchObject({ sha256: Object.fromEntries(sha256) });
  });
});

describe("network", () => {
  it("is MNIST's: the published weights give the published logits", ({ skip }) => {
    if (!existsSync(MNIST)) skip("MNIST is not at ../shared/data/mnist");
    const parameters = decodeParameters(bytesOf(MNIST, "weights.safetensors"), "weights.safetensors");
    const logits = classify(parameters, tensorOf(MNIST, "images.npy").as("f32").data, 1000);
    const reference = tensorOf(MNIST, "logits.npy").as("f32").data;
    const largest = reference.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const error = logits.reduce(
      (worst, logit, i) => Math.max(worst, Math.abs(logit - (reference[i] ?? Number.NaN))),
      0,
    );
    expect(error).toBeLessThan(1e-4 * largest);
    expect(countRight(logits, tensorOf(MNIST, "labels.npy").as("i32").data)).toBe(987);
  });
});

/**
 * Files that other programs wrote, where they lie beside the project (the MNIST set of the design's data): read, compared
 * with each other, and .npy files written again to the very same bytes.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../runtime/files/npy.ts";
import { openNpz, writeNpz } from "../../runtime/files/npz.ts";
import { openSafetensors, writeSafetensors } from "../../runtime/files/safetensors.ts";
import { equalTensors } from "../../runtime/tensor.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/data/mnist/", import.meta.url));
const WHY = "no MNIST files in ../shared/data/mnist";

/** A file of the set; skips the test that asks for it where there is none. */
function mnist(context: { skip: (note: string) => never }, name: string): Uint8Array {
  return existsSync(FOLDER + name) ? readFileSync(FOLDER + name) : context.skip(WHY);
}

describe("MNIST", () => {
  it("has 1,000 images and their labels", (context) => {
    const images = readNpy(mnist(context, "images.npy"), "images.npy");
    const grey = readNpy(mnist(context, "images_u8.npy"), "images_u8.npy");
    const labels = readNpy(mnist(context, "labels.npy"), "labels.npy").as("i32");
    expect([images.dtype, images.shape]).toEqual(["f32", [1000, 1, 28, 28]]);
    expect([grey.dtype, grey.size]).toEqual(["u8", images.size]);
    expect(labels.shape).toEqual([1000]);
    expect(new Set(labels.data)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    const [from, to] = [grey.as("u8").data, images.as("f32").data];
    expect(to.every((grey32, i) => grey32 === from[i])).toBe(true);
  });

  it("has the same weights in .npz and .safetensors", (context) => {
    const npz = openNpz(mnist(context, "weights.npz"), "weights.npz");
    const safetensors = openSafetensors(mnist(context, "weights.safetensors"), "weights.safetensors");
    expect(npz.names.toSorted()).toEqual(safetensors.names.toSorted());
    expect(npz.names.toSorted()).toEqual(["b1", "b2", "bf", "w1", "w2", "wf"]);
    for (const name of npz.names) expect(equalTensors(npz.read(name), safetensors.read(name))).toBe(true);
    expect(npz.read("w1").shape).toEqual([8, 1, 5, 5]);
  });

  it("is written as it was read, .npy files byte for byte", (context) => {
    for (const name of ["images.npy", "images_u8.npy", "labels.npy", "logits.npy"]) {
      const bytes = mnist(context, name);
      expect(Buffer.compare(writeNpy(readNpy(bytes, name)), bytes)).toBe(0);
    }
    // Archives of other programs differ in order and headers, not in what they hold.
    const weights = openSafetensors(mnist(context, "weights.safetensors"), "weights.safetensors");
    const tensors = new Map(weights.names.map((name) => [name, weights.read(name)]));
    for (const again of [
      openNpz(writeNpz(tensors), "again.npz"),
      openSafetensors(writeSafetensors(tensors), "again"),
    ]) {
      for (const [name, tensor] of tensors) expect(equalTensors(again.read(name), tensor)).toBe(true);
    }
  });
});

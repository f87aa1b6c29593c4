/** The digit set, weights and logits as the bytes of .npy and .safetensors files, in the shapes and dtypes of MNIST's. */
import { openSafetensors, writeSafetensors } from "../../runtime/files/safetensors.ts";
import { writeNpy } from "../../runtime/files/npy.ts";
import { Tensor } from "../../runtime/tensor.ts";
import type { DigitSet } from "./generate.ts";
import { SIDE } from "./generate.ts";
import type { Parameters } from "./network.ts";
import { CLASSES, PARAMETER_NAMES, PARAMETER_SHAPES, zeroParameters } from "./network.ts";

export type SetFiles = { readonly "images_u8.npy": Uint8Array; readonly "labels.npy": Uint8Array };

/** u8[count, 1, 28, 28] and i32[count]. */
export function encodeSet(set: DigitSet): SetFiles {
  const { images, labels, count } = set;
  return {
    "images_u8.npy": writeNpy(Tensor.from(images, { dtype: "u8", shape: [count, 1, SIDE, SIDE] })),
    "labels.npy": writeNpy(Tensor.from(Int32Array.from(labels), { dtype: "i32", shape: [count] })),
  };
}

/** f32[n, 10]. */
export function encodeLogits(logits: Float32Array): Uint8Array {
  return writeNpy(Tensor.from(logits, { dtype: "f32", shape: [logits.length / CLASSES, CLASSES] }));
}

/** Each parameter in f32, in which shipped parameters are exact. */
export function encodeParameters(parameters: Parameters): Uint8Array {
  const tensors = PARAMETER_NAMES.map((name) => {
    const values = Float32Array.from(parameters[name]);
    return [name, Tensor.from(values, { dtype: "f32", shape: PARAMETER_SHAPES[name] })] as const;
  });
  return writeSafetensors(new Map(tensors));
}

/** An EinkornError for a file that is no .safetensors file or lacks a parameter, an Error for one of another shape. */
export function decodeParameters(bytes: Uint8Array, file: string): Parameters {
  const archive = openSafetensors(bytes, file);
  const parameters = zeroParameters();
  for (const name of PARAMETER_NAMES) {
    const tensor = archive.read(name).as("f32");
    const wanted = PARAMETER_SHAPES[name].join(", ");
    if (tensor.shape.join(", ") !== wanted) {
      throw new Error(`${file}: ${name} has shape [${tensor.shape.join(", ")}] and should have [${wanted}]`);
    }
    parameters[name].set(tensor.data);
  }
  return parameters;
}

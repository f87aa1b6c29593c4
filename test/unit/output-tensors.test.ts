/** runtime/arguments.ts: the tensors that a caller gives for outputs. */
import { expect, test } from "vitest";
import { add, constant } from "../../compiler/ir/expr.ts";
import { checkCall } from "../../runtime/arguments.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { KernelBuilder } from "../support/build-kernel.ts";
import { refusalText } from "../support/refusal.ts";

const k = new KernelBuilder("two");
const n = k.dim("N");
const x = k.param("X", "f32", [n]);
k.output(
  k.stage("P", { i: n }, (i) => x.at(i)),
  k.stage("Q", { i: n }, (i) => add(x.at(i), constant("f32", 1))),
);
const kernel = k.build();
const args = { X: Tensor.zeros([2]) };

test("may lie side by side in one buffer", () => {
  const both = new Float32Array(4);
  const [P, Q] = [Tensor.from(both.subarray(0, 2)), Tensor.from(both.subarray(2, 4))];
  expect(checkCall(kernel, args, { P, Q }).outputs.map((o) => o.out)).toEqual([P, Q]);
});

test("may not share memory with an argument, or with each other", () => {
  const whole = new Float32Array(3);
  const [P, Q] = [Tensor.from(whole.subarray(0, 2)), Tensor.from(whole.subarray(1, 3))];
  expect(refusalText(() => checkCall(kernel, args, { P, Q }))).toBe(
    "E6208: the tensors given for outputs P and Q share memory",
  );
  expect(refusalText(() => checkCall(kernel, args, { P, Q: P }))).toMatch(/^E6208/);
  expect(refusalText(() => checkCall(kernel, args, { P: args.X }))).toBe(
    "E6208: the tensor given for output P shares memory with an argument",
  );
});

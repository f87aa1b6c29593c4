/**
 * std/nn and std/loss against numbers that no one here wrote: operator tests of the ONNX project, and PyTorch layers that
 * were exported with their weights. Skipped where the cases do not lie beside the checkout.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { close } from "../../runtime/node/index.ts";
import type { OnnxCase, OnnxNode } from "../support/onnx-case.ts";
import { NO_ONNX_CASES, readOnnxCase } from "../support/onnx-case.ts";
import type { Numbers } from "../support/standard.ts";
import { at, expectClose, numbers, reshaped, runKernel, runStandard } from "../support/standard.ts";

afterAll(close);

/** The tolerance of the cases themselves is 1e-3. */
const NEAR = 1e-4;

/** A case and its only node. */
function open(name: string): OnnxCase & { readonly node: OnnxNode } {
  const found = readOnnxCase(name);
  const [node, other] = found.nodes;
  if (node === undefined || other !== undefined) throw new Error(`${name} has ${found.nodes.length} nodes`);
  return { ...found, node };
}

/** The node's input at a place. */
const operand = (c: OnnxCase & { readonly node: OnnxNode }, n: number): Numbers => c.input(c.node.inputs[n] ?? "");

/** The one value that all elements of an attribute have. */
function same(node: OnnxNode, attribute: string, otherwise: number): number {
  const [value = otherwise, ...others] = node.attributes.get(attribute) ?? [];
  expect(others.every((x) => x === value)).toBe(true);
  return value;
}

const zeros = (shape: readonly number[]): Numbers => numbers(shape, () => 0);

/** All axes but the last become one. */
const asRows = (x: Numbers): Numbers => {
  const columns = x.shape.at(-1) ?? 1;
  return reshaped(x, [x.data.length / columns, columns]);
};

/** [1, gates · hidden, in] as [gates, in, hidden]. */
const transposed = (x: Numbers, gates: number): Numbers => {
  const hidden = (x.shape[1] ?? 0) / gates;
  return numbers([gates, x.shape[2] ?? 0, hidden], (g, i, j) => at(x, 0, g * hidden + j, i));
};

/** [batch, length, heads · features] as [batch, heads, length, features]. */
const split = (x: Numbers, heads: number): Numbers => {
  const [B = 0, L = 0, width = 0] = x.shape;
  const D = width / heads;
  return x.shape.length === 4 ? x : numbers([B, heads, L, D], (b, h, t, d) => at(x, b, t, h * D + d));
};

/** Without the first axis, which is 1 long. */
const inOne = (x: Numbers): Numbers => reshaped(x, x.shape.slice(1));

beforeEach((context) => {
  if (NO_ONNX_CASES !== null) context.skip(NO_ONNX_CASES);
});

describe("cases of ONNX and PyTorch", () => {
  test.each([
    ["pytorch-converted/test_Conv1d", "conv1d"],
    ["pytorch-converted/test_Conv1d_dilated", "conv1d"],
    ["pytorch-converted/test_Conv1d_groups", "conv1d"],
    ["pytorch-converted/test_Conv1d_pad1", "conv1d"],
    ["pytorch-converted/test_Conv2d_depthwise", "conv2d"],
    ["pytorch-converted/test_Conv2d_no_bias", "conv2d"],
    ["pytorch-converted/test_Conv2d_padding", "conv2d"],
    ["pytorch-converted/test_Conv2d_strided", "conv2d"],
    ["node/test_basic_conv_without_padding", "conv2d"],
    ["node/test_conv_with_strides_padding", "conv2d"],
    ["node/test_convtranspose_group_2", "conv_transpose2d"],
    ["pytorch-operator/test_operator_convtranspose", "conv_transpose2d"],
  ])("%s: %s", async (name, kernel) => {
    const c = open(name);
    const [X, F] = [operand(c, 0), operand(c, 1)];
    const want = c.output(c.node.outputs[0] ?? "");
    const b = c.node.inputs.length > 2 ? operand(c, 2) : zeros([want.shape[1] ?? 0]);
    const generics = {
      s: same(c.node, "strides", 1),
      p: same(c.node, "pads", 0),
      d: same(c.node, "dilations", 1),
      g: same(c.node, "group", 1),
      ...(kernel === "conv_transpose2d" ? { e: same(c.node, "output_padding", 0) } : {}),
    };
    expectClose((await runStandard("nn", kernel, { X, F, b }, generics))("Y"), want, NEAR);
  });

  test("a depthwise convolution", async () => {
    const c = open("pytorch-converted/test_Conv2d_depthwise");
    const b = reshaped(operand(c, 2), [4, 1]);
    const { Y } = { Y: await runStandard("nn", "depthwise_conv2d", { X: operand(c, 0), F: operand(c, 1), b }) };
    expectClose(Y("Y"), c.output("3"), NEAR);
  });

  test.each([
    ["pytorch-converted/test_MaxPool2d", "max_pool2d"],
    ["node/test_maxpool_2d_default", "max_pool2d"],
    ["node/test_maxpool_2d_dilations", "max_pool2d"],
    ["node/test_maxpool_2d_precomputed_pads", "max_pool2d"],
    ["node/test_maxpool_2d_precomputed_strides", "max_pool2d"],
    ["node/test_averagepool_2d_pads", "avg_pool2d"],
    ["node/test_averagepool_2d_precomputed_pads", "avg_pool2d"],
    ["node/test_averagepool_2d_precomputed_pads_count_include_pad", "avg_pool2d"],
    ["node/test_averagepool_2d_precomputed_strides", "avg_pool2d"],
    ["node/test_averagepool_2d_strides", "avg_pool2d"],
  ])("%s: %s", async (name, kernel) => {
    const c = open(name);
    const generics = {
      k: same(c.node, "kernel_shape", 0),
      s: same(c.node, "strides", 1),
      p: same(c.node, "pads", 0),
      ...(kernel === "max_pool2d"
        ? { d: same(c.node, "dilations", 1) }
        : { count_pad: same(c.node, "count_include_pad", 0) === 1 }),
    };
    const Y = (await runStandard("nn", kernel, { X: operand(c, 0) }, generics))("Y");
    expectClose(Y, c.output(c.node.outputs[0] ?? ""), NEAR);
  });

  test("global_avg_pool", async () => {
    const c = open("node/test_globalaveragepool");
    const Y = (await runStandard("nn", "global_avg_pool", { X: operand(c, 0) }))("Y");
    expectClose(reshaped(Y, [...Y.shape, 1, 1]), c.output("y"), NEAR);
  });

  test.each([
    ["pytorch-converted/test_BatchNorm2d_eval", "5"],
    ["pytorch-converted/test_BatchNorm2d_momentum_eval", "5"],
    ["node/test_batchnorm_example", "y"],
  ])("%s: batch_norm", async (name, output) => {
    const c = open(name);
    const args = { X: operand(c, 0), g: operand(c, 1), b: operand(c, 2), mu: operand(c, 3), v: operand(c, 4) };
    const eps = same(c.node, "epsilon", 1e-5);
    expectClose((await runStandard("nn", "batch_norm", args, { eps }))("Y"), c.output(output), NEAR);
  });

  test("batch_norm_train", async () => {
    const c = open("node/test_batchnorm_epsilon_training_mode");
    const args = { X: operand(c, 0), g: operand(c, 1), b: operand(c, 2), mu: operand(c, 3), v: operand(c, 4) };
    const generics = { eps: same(c.node, "epsilon", 1e-5), momentum: 0.1, unbiased: false };
    const results = await runStandard("nn", "batch_norm_train", args, generics);
    expectClose(results("Y"), c.output("y"), NEAR);
    expectClose(results("mu2"), c.output("output_mean"), NEAR);
    expectClose(results("v2"), c.output("output_var"), NEAR);
  });

  test("instance_norm and group_norm", async () => {
    const i = open("node/test_instancenorm_example");
    const instance = await runStandard("nn", "instance_norm", {
      X: operand(i, 0),
      g: operand(i, 1),
      b: operand(i, 2),
    });
    expectClose(instance("Y"), i.output("y"), NEAR);
    const c = open("node/test_group_normalization_example");
    const generics = { groups: same(c.node, "num_groups", 1) };
    const args = { X: operand(c, 0), g: operand(c, 1), b: operand(c, 2) };
    expectClose((await runStandard("nn", "group_norm", args, generics))("Y"), c.output("y"), NEAR);
  });

  test.each([
    ["node/test_layer_normalization_2d_axis1", "layer_norm", "Y"],
    ["node/test_layer_normalization_3d_axis2_epsilon", "layer_norm", "Y"],
    ["node/test_layer_normalization_default_axis", "layer_norm", "Y"],
    ["node/test_rms_normalization_2d_axis_negative_1", "rms_norm", "Y"],
    ["node/test_rms_normalization_3d_axis2_epsilon", "rms_norm", "Y"],
    ["node/test_softmax_large_number", "softmax", "y"],
    ["node/test_softmax_default_axis", "softmax", "y"],
    ["pytorch-converted/test_Softmax", "softmax", "1"],
    ["node/test_logsoftmax_negative_axis", "log_softmax", "y"],
  ])("%s: %s", async (name, kernel, output) => {
    const c = open(name);
    const args = {
      X: asRows(operand(c, 0)),
      ...(c.node.inputs.length > 1 ? { g: operand(c, 1) } : {}),
      ...(c.node.inputs.length > 2 ? { b: operand(c, 2) } : {}),
    };
    const generics = c.node.attributes.has("epsilon") ? { eps: same(c.node, "epsilon", 1e-5) } : {};
    const Y = (await runStandard("nn", kernel, args, generics))("Y");
    expectClose(Y, asRows(c.output(output)), NEAR);
  });

  test.each([
    ["node/test_gelu_default_1", "gelu(X)", "y"],
    ["node/test_gelu_default_2", "gelu(X)", "y"],
    ["pytorch-converted/test_Softplus", "softplus(X)", "1"],
    ["pytorch-converted/test_LeakyReLU_with_negval", "leaky_relu(X, a = 0.5)", "1"],
    ["node/test_leakyrelu_example", "leaky_relu(X, a = 0.1)", "y"],
  ])("%s: %s", async (name, call, output) => {
    const c = open(name);
    const text = `import { ${call.split("(")[0]} } from "std/nn";
      kernel whole(X: f32[N]) -> Y: f32[N] { Y = ${call}; }`;
    const X = reshaped(operand(c, 0), [operand(c, 0).data.length]);
    expectClose((await runKernel(text, "test.ein", "whole", { X }))("Y"), reshaped(c.output(output), X.shape), NEAR);
  });

  test("linear and embedding", async () => {
    const c = open("pytorch-converted/test_Linear");
    const V = operand(c, 1);
    const W = numbers([V.shape[1] ?? 0, V.shape[0] ?? 0], (i, o) => at(V, o, i));
    const Y = (await runStandard("nn", "linear", { X: operand(c, 0), W, b: operand(c, 2) }))("Y");
    expectClose(Y, c.output("3"), NEAR);
    const e = open("pytorch-converted/test_Embedding_sparse");
    const rows = (await runStandard("nn", "embedding", { E: operand(e, 0), ids: operand(e, 1) }))("Y");
    expectClose(rows, e.output("2"), 0);
  });

  test.each([
    ["node/test_simple_rnn_defaults", "rnn"],
    ["node/test_simple_rnn_batchwise", "rnn"],
    ["node/test_rnn_seq_length", "rnn"],
    ["node/test_lstm_defaults", "lstm"],
    ["node/test_lstm_with_initial_bias", "lstm"],
    ["node/test_gru_batchwise", "gru"],
    ["node/test_gru_seq_length", "gru"],
    ["node/test_gru_with_initial_bias", "gru"],
  ] as const)("%s: %s", async (name, kernel) => {
    const c = open(name);
    const given = operand(c, 0);
    // Cases with the batch first have one step, so that the two orders are the same numbers.
    const [batch, features] = [given.shape[c.node.attributes.has("layout") ? 0 : 1] ?? 0, given.shape[2] ?? 0];
    const X = reshaped(given, [given.data.length / batch / features, batch, features]);
    const gates = kernel === "rnn" ? 1 : kernel === "lstm" ? 4 : 3;
    const hidden = same(c.node, "hidden_size", 0);
    const B = c.node.inputs.length > 3 ? operand(c, 3) : zeros([1, 2 * gates * hidden]);
    const bias = (half: number): Numbers =>
      numbers([gates, hidden], (g, j) => at(B, 0, half * gates * hidden + g * hidden + j));
    const both = numbers([gates, hidden], (g, j) => at(bias(0), g, j) + at(bias(1), g, j));
    const start = zeros([batch, hidden]);
    const [W, U] = [transposed(operand(c, 1), gates), transposed(operand(c, 2), gates)];
    const rest = {
      rnn: () => ({ W: inOne(W), U: inOne(U), b: inOne(both) }),
      lstm: () => ({ c0: start, W, U, b: both }),
      gru: () => ({ W, U, b: bias(0), a: bias(1) }),
    }[kernel]();
    const generics = kernel === "gru" ? { reset_after: false } : {};
    const results = await runStandard("nn", kernel, { X, h0: start, ...rest }, generics);
    expectClose(results("hn"), reshaped(c.output("Y_h"), [batch, hidden]), NEAR);
  });

  test.each([
    ["node/test_attention_4d_gqa_causal", "grouped_query_attention", true],
    ["node/test_attention_3d_causal", "attention", true],
    ["node/test_attention_3d_diff_heads_sizes", "attention", false],
    ["node/test_attention_3d_gqa_causal", "grouped_query_attention", true],
  ])("%s: %s", async (name, kernel, causal) => {
    const c = open(name);
    const [queries, keys] = [same(c.node, "q_num_heads", 0), same(c.node, "kv_num_heads", 0)];
    const args = { Q: split(operand(c, 0), queries), K: split(operand(c, 1), keys), V: split(operand(c, 2), keys) };
    const O = (await runStandard("nn", kernel, args, { causal }))("O");
    expectClose(O, split(c.output("Y"), queries), NEAR);
  });

  test.each(["node/test_rotary_embedding", "node/test_rotary_embedding_interleaved"])("%s", async (name) => {
    const c = open(name);
    const args = { X: operand(c, 0), c: operand(c, 1), s: operand(c, 2), pos: operand(c, 3) };
    const generics = { interleaved: same(c.node, "interleaved", 0) === 1 };
    expectClose((await runStandard("nn", "rotary_embedding", args, generics))("Y"), c.output("output"), NEAR);
  });

  test("cross_entropy", async () => {
    const c = open("node/test_sce_mean");
    const loss = (await runStandard("loss", "cross_entropy", { Z: operand(c, 0), y: operand(c, 1) }))("loss");
    expectClose(loss, c.output("z"), NEAR);
  });
});

/** The library as a program uses it: compiling, calling, every argument checked, devices opened once. */
import { afterEach, describe, expect, test } from "vitest";
import type { Argument } from "../../runtime/arguments.ts";
import { close, compile, openDevice, targets, Tensor } from "../../runtime/node/index.ts";
import { refusal, rejection } from "../support/refusal.ts";

afterEach(close);

const BLEND = `export kernel blend<k: float = 0.5>(x: f32[M, N], y: f32[N]) -> z: f32[M, N], top: f32 where N >= 1 {
  z[i, j] = x[i, j] * k + y[j];
  top = max[i, j](x[i, j]);
}
kernel total(x: i32[P] in 0..10) -> s: i32 where P <= 100 { s = sum[i](x[i]); }
kernel packed(x: u4[P] in 0..9) -> s: i32 where P <= 100 { s = sum[i](x[i]); }`;

const x = Tensor.from([
  [2, 4, 6],
  [8, 10, 12],
]);
const y = Tensor.from([1, 1, 1]);

describe.each(["interp", "wasm"])("on %s", (target) => {
  test("a kernel gives its outputs by name", async () => {
    const { blend } = await compile(BLEND, { target, kernels: ["blend"] });
    const { z, top } = blend({ x, y });
    expect(z?.toArray()).toEqual([
      [2, 3, 4],
      [5, 6, 7],
    ]);
    expect(top?.item()).toBe(12);
  });

  test("or writes them into the caller's tensors", async () => {
    const { blend } = await compile(BLEND, { target, kernels: ["blend"] });
    const z = Tensor.zeros([2, 3]);
    const results = blend({ x, y }, { out: { z } });
    expect(results["z"]).toBe(z);
    expect(z.toArray()).toEqual([
      [2, 3, 4],
      [5, 6, 7],
    ]);
  });

  test("generics and dims may be constants", async () => {
    const { blend } = await compile(BLEND, { target, kernels: ["blend"], generics: { k: 2 }, dims: { N: 3 } });
    expect(blend.equations.dims.map((d) => d.name)).toEqual(["M"]);
    expect(blend({ x, y })["z"]?.toArray()).toEqual([
      [5, 9, 13],
      [17, 21, 25],
    ]);
    const special = await blend.specialise({ M: 2 });
    expect(special.equations.dims).toEqual([]);
    expect(special({ x, y, M: 2, N: 3 })["top"]?.item()).toBe(12);
    expect(refusal(() => special({ x, y, N: 4 }))).toMatchObject({ code: "E6205" });
  });

  test("an element outside its range type is found, also one that is written later", async () => {
    const { total } = await compile(BLEND, { target, kernels: ["total"] });
    const array = Int32Array.of(1, 2, 3);
    const given = Tensor.from(array, { dtype: "i32" });
    expect(total({ x: given })["s"]?.item()).toBe(6);
    array[1] = 10;
    expect(refusal(() => total({ x: given }))).toMatchObject({
      code: "E6207",
      message: "x holds 10 at [1]; it is declared in 0..10",
    });
    // Nobody but its own `data` can write to it: checked once, until that is asked for.
    const own = Tensor.from([1, 2, 3], { dtype: "i32" });
    expect(total({ x: own })["s"]?.item()).toBe(6);
    own.data[0] = -1;
    expect(refusal(() => total({ x: own }))).toMatchObject({ code: "E6207" });
  });

  test("sizes of 0", async () => {
    const { blend } = await compile(BLEND, { target, kernels: ["blend"] });
    const { z, top } = blend({ x: Tensor.zeros([0, 3]), y });
    expect(z?.shape).toEqual([0, 3]);
    expect(top?.item()).toBe(-Infinity);
  });
});

test("ranges of packed elements are those of the elements, not of their bytes", async () => {
  const { packed } = await compile(BLEND, { target: "interp", kernels: ["packed"] });
  expect(packed({ x: Tensor.from([1, 8, 0], { dtype: "u4" }) })["s"]?.item()).toBe(9);
  const nine = Tensor.from([1, 9, 0], { dtype: "u4" });
  expect(refusal(() => packed({ x: nine }))).toMatchObject({
    code: "E6207",
    message: expect.stringMatching(/9 at \[1\]/),
  });
});

describe("a call is refused", () => {
  test("also where the caller has no types", async () => {
    const { blend } = await compile(BLEND, { kernels: ["blend"] });
    const untyped = (...values: unknown[]): unknown => Reflect.apply(blend, null, values);
    expect(refusal(() => untyped())).toMatchObject({ code: "E6201", help: ["pass them by name: { x, y }"] });
    expect(refusal(() => untyped(null))).toMatchObject({ code: "E6201" });
    expect(refusal(() => untyped({ x, y, N: null }))).toMatchObject({ code: "E6202" });
    expect(refusal(() => untyped({ x, y, N: "3" }))).toMatchObject({ code: "E6202" });
    expect(refusal(() => untyped({ x, y, N: "3" })).message).toMatch(/not "3"/);
    expect(refusal(() => untyped({ x, y }, { outs: {} }))).toMatchObject({
      code: "E6202",
      help: ["did you mean out?"],
    });
    expect(refusal(() => untyped({ x, y }, null))).toMatchObject({ code: "E6202" });
    expect(refusal(() => untyped({ x, y }, { out: { z: new Float32Array(6) } }))).toMatchObject({ code: "E6209" });
  });

  test("that gives its arguments by position", async () => {
    const { blend } = await compile(BLEND, { kernels: ["blend"] });
    for (const [given, what] of [
      [x, "a tensor"],
      [[1, 2], "an array"],
      [new Float32Array(2), "a Float32Array"],
      ["x", "a text"],
    ] as const) {
      const refused = refusal(() => Reflect.apply(blend, null, [given, 2]));
      expect(refused).toMatchObject({
        code: "E6201",
        message: `the arguments of blend are one object, and this is ${what}`,
        help: ["pass them by name: { x, y }"],
      });
    }
  });

  const MIXED =
    "kernel mixed(A: f32[N], B: i32[M, N], s: f32) -> y: f32[N], z: i32[M, N] { y[i] = s * A[i]; z[i, j] = B[i, j]; }";
  const untyped: readonly (readonly [name: string, value: unknown, message: string, help: string])[] = [
    ["A", [1, 2, 3], "a tensor of f32 with 1 dim, the argument is an array", "write A: Tensor.from(array)"],
    ["A", new Float32Array(3), "the argument is a Float32Array", "write A: Tensor.from(array)"],
    ["A", new Int8Array(3), "the argument is an Int8Array", "write A: Tensor.from(array)"],
    ["A", "x", "the argument is a text", "pass A: a Tensor, such as Tensor.from([…])"],
    ["A", null, "the argument is null", "pass A: a Tensor, such as Tensor.from([…])"],
    ["A", 2, "the argument is a number", "make it a tensor: Tensor.full(shape, value)"],
    ["A", { data: [], shape: [] }, "the argument is an object", "write A: Tensor.from(data, { shape })"],
    ["B", [[1]], "a tensor of i32 with 2 dims", 'write B: Tensor.from(array, { dtype: "i32" })'],
    [
      "B",
      new Int32Array(3),
      "the argument is an Int32Array",
      'write B: Tensor.from(array, { shape: […], dtype: "i32" })',
    ],
    ["s", null, "s is a number (f32), the argument is null", "pass s: a number"],
    ["s", [1], "s is a number (f32), the argument is an array", "pass s: a number"],
  ];
  test.each(untyped)("for what is no tensor: %s = %o", async (name, value, message, help) => {
    const { mixed } = await compile(MIXED, { kernels: ["mixed"] });
    const fine = { A: Tensor.zeros([3]), B: Tensor.zeros([3, 3], { dtype: "i32" }), s: 1 };
    const refused = refusal(() => Reflect.apply(mixed, null, [{ ...fine, [name]: value }]));
    expect(refused.code).toBe("E6204");
    expect(refused.message).toContain(message);
    expect(refused.help).toEqual([help]);
  });

  const tall = Tensor.zeros([3, 2]);
  const cases: readonly (readonly [Readonly<Record<string, Argument>>, string, RegExp])[] = [
    [{ x }, "E6201", /argument y is missing/],
    [{ x, y, w: y }, "E6202", /no parameter or dim "w"/],
    [{ x, y: Tensor.zeros([3], { dtype: "f64" }) }, "E6203", /y is f32, the argument is f64/],
    [{ x, y: 1 }, "E6204", /a number/],
    [{ x: y, y }, "E6204", /x has 2 dims, the argument has 1: \[3\]/],
    [{ x: tall, y }, "E6205", /N is 2 in dim 1 of x and 3 in dim 0 of y/],
    [{ x, y, M: 3 }, "E6205", /M is 2 .* and 3/],
    [{ x, y, M: 1.5 }, "E6202", /a whole number/],
    [{ x: Tensor.zeros([2, 0]), y: Tensor.zeros([0]) }, "E6206", /only where N >= 1/],
  ];
  test.each(cases)("%o: %s", async (args, code, message) => {
    const { blend } = await compile(BLEND, { kernels: ["blend"] });
    const refused = refusal(() => blend(args));
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  test("for its outputs", async () => {
    const { blend } = await compile(BLEND, { kernels: ["blend"] });
    const call = (out: Readonly<Record<string, Tensor>>) => refusal(() => blend({ x, y }, { out })).code;
    expect(call({ w: y })).toBe("E6202");
    expect(call({ z: Tensor.zeros([3, 2]) })).toBe("E6209");
    expect(call({ z: x })).toBe("E6208");
  });

  test("with names that every object inherits", async () => {
    const { odd } = await compile("kernel odd(toString: f32) -> valueOf: f32 { valueOf = toString; }", {
      kernels: ["odd"],
    });
    expect(refusal(() => odd({})).code).toBe("E6201");
    expect(odd({ toString: 3 })["valueOf"]?.item()).toBe(3);
  });
});

describe("compiling is refused", () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ["kernel f(", {}, "E1022"],
    [BLEND, { target: "wsam" }, "E6301"],
    [BLEND, { kernels: ["blnd"] }, "E6211"],
    [BLEND, { dims: { Q: 1 } }, "E6202"],
    [BLEND, { dims: { N: -1 } }, "E6202"],
    [BLEND, { dims: { N: 2 ** 31 } }, "E6210"],
    [BLEND, { dims: { N: 0 } }, "E6206"],
    [BLEND, { kernels: ["blend"], generics: { q: 1 } }, "E2016"],
    ["kernel f(a: f32) -> b: f32 { b = a; }", { generics: { q: 1 } }, "E2016"],
  ];
  test("for a generic that there is not, with those there are", async () => {
    const bare = "kernel f(a: f32) -> b: f32 { b = a; }";
    expect((await rejection(compile(bare, { generics: { q: 1 } }))).notes).toEqual(["it has none"]);
    const named = "kernel f<sigma: float = 1>(a: f32) -> b: f32 { b = a * sigma; }";
    expect(await rejection(compile(named, { generics: { sigm: 1 } }))).toMatchObject({
      notes: ["its generics are sigma"],
      help: ["did you mean sigma ?"],
    });
  });

  test.each(cases)("%s, %o: %s", async (source, options, code) => {
    expect((await rejection(compile(source, options))).code).toBe(code);
  });

  const odd: readonly (readonly [readonly unknown[], string])[] = [
    [[], "E6211: the source is not a text, but undefined"],
    [[null], "E6211: the source is not a text, but null"],
    [[["kernel"]], 'E6211: the source is not a text, but ["kernel"]'],
    [["../mlp.ein"], 'E6211: the source is not the text of a program, but a path: "../mlp.ein"'],
    [["my kernels/a b.ein"], 'E6211: the source is not the text of a program, but a path: "my kernels/a b.ein"'],
    [[BLEND, { kernel: "blend" }], 'E6213: the options of compile have no "kernel"'],
    [[BLEND, { dim: { N: 2 } }], 'E6213: the options of compile have no "dim"'],
    [[BLEND, { dims: { N: "2" } }], 'E6202: "N" is a dim, a whole number from 0; it is given "2"'],
    [[BLEND, null], "E6213: the options of compile must be an object, not null"],
    [[BLEND, "wasm"], 'E6213: the options of compile must be an object, not "wasm"'],
    [[BLEND, { target: 3 }], "E6301: target must be a name or an open device, not 3"],
    [[BLEND, { target: null }], "E6301: target must be a name or an open device, not null"],
    [[BLEND, { target: { name: "wasm" } }], "E6301: target must be a name or an open device, not an object"],
    [[BLEND, { kernels: "blend" }], 'E6213: kernels must be a list of names, not "blend"'],
    [[BLEND, { kernels: [3] }], "E6213: kernels must be a list of names, not [3]"],
    [[BLEND, { dims: 3 }], "E6213: dims must be values by name, not 3"],
    [[BLEND, { dims: [3] }], "E6213: dims must be values by name, not [3]"],
    [[BLEND, { dims: null }], "E6213: dims must be values by name, not null"],
    [[BLEND, { generics: "k" }], 'E6213: generics must be values by name, not "k"'],
    [[BLEND, { name: 3 }], "E6213: name must be a text, not 3"],
    [[BLEND, { onWarning: true }], "E6213: onWarning must be a function, not true"],
  ];
  test.each(odd)("%o: %s", async (given, message) => {
    const found = await rejection(Reflect.apply(compile, undefined, given));
    expect(`${found.code}: ${found.message}`).toBe(message);
  });
});

test("options of tensors that nothing reads are refused", () => {
  const makers = {
    from: [[1, 2]],
    zeros: [[2]],
    full: [[2], 1],
    iota: [[2]],
    random: [[2]],
  } as const satisfies Record<string, readonly unknown[]>;
  for (const [name, given] of Object.entries(makers)) {
    const make = (options: unknown): unknown => Reflect.apply(Reflect.get(Tensor, name), Tensor, [...given, options]);
    expect(refusal(() => make({ dtpye: "i32" }))).toMatchObject({
      code: "E6213",
      message: `the options of Tensor.${name} have no "dtpye"`,
      help: ["did you mean dtype?"],
    });
    expect(refusal(() => make("i32")).message).toBe(`the options of Tensor.${name} must be an object, not "i32"`);
    expect(make({ dtype: "i32" })).toMatchObject({ dtype: "i32" });
  }
});

test("a device is opened by its name", async () => {
  for (const target of [3, null, undefined]) {
    expect(await rejection(Reflect.apply(openDevice, undefined, [target]))).toMatchObject({
      code: "E6301",
      message: `there is no target "${target}" to run on`,
    });
  }
});

test("the same source is compiled once per device", async () => {
  const first = await compile(BLEND, { kernels: ["blend"] });
  expect((await compile(BLEND, { kernels: ["blend"] })).blend).toBe(first.blend);
  expect((await compile(BLEND, { kernels: ["blend"], generics: { k: 1 } })).blend).not.toBe(first.blend);
  expect((await compile(BLEND, { kernels: ["blend"], target: "interp" })).blend).not.toBe(first.blend);
  await close();
  expect((await compile(BLEND, { kernels: ["blend"] })).blend).not.toBe(first.blend);
  expect(refusal(() => first.blend({ x, y })).code).toBe("E6304");
});

test("warnings are heard", async () => {
  const codes: string[] = [];
  const source = "kernel f(a: f32[N]) -> b: f32[N] { b[i] = a[i]; } schedule f for wasm { unroll b.i; }";
  await compile(source, { target: "interp", onWarning: (w) => codes.push(w.code) });
  expect(codes).toEqual(["W3001"]);
});

test("a target that wants constant sizes says so, and takes them", async (context) => {
  const here = (await targets()).find(({ name }) => name === "hls")?.here;
  if (here?.available !== true) context.skip(`hls: ${here?.reason}`);
  const { blend } = await compile(BLEND, { target: "hls", kernels: ["blend"] });
  expect(refusal(() => blend({ x, y })).code).toBe("E6212");
  const special = await blend.specialise({ M: 2, N: 3 });
  expect(special({ x, y })["top"]?.item()).toBe(12);
});

test("devices are opened once, and again after close", async () => {
  const device = await openDevice("wasm");
  expect(await openDevice("wasm")).toBe(device);
  await close();
  expect(await openDevice("wasm")).not.toBe(device);
});

/** From a WGSL module to one pipeline per launch. What the shader's compiler refuses is a bug of ours; what the device's limits refuse is not. */
import type { MachineProgram } from "../../compiler/ir/machine.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import type { Access, Launch, WgslLayout } from "../../targets/wgsl/layout.ts";
import { uniformBytes } from "../../targets/wgsl/layout.ts";
import { refuse } from "../refuse.ts";
import type { Connection } from "./webgpu-connection.ts";
import { shaderErrors } from "./shader-errors.ts";

export type Pipeline = {
  readonly launch: Launch;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
};

const SHADER_STAGE_COMPUTE = 4;

const BUFFER_TYPES = {
  uniform: "uniform",
  read: "read-only-storage",
  read_write: "storage",
} as const satisfies Record<Access, GPUBufferBindingType>;

export async function buildPipelines(
  connection: Connection,
  code: string,
  program: MachineProgram,
  layout: WgslLayout,
): Promise<readonly Pipeline[]> {
  const { gpu } = connection;
  for (const launch of layout.launches) checkBindings(launch, program, gpu.limits);
  checkUniform(layout, program, gpu.limits);
  const { result: module, verdict } = connection.guarded(() => gpu.createShaderModule({ code }));
  const errors = shaderErrors(await connection.settle(module.getCompilationInfo()), code);
  if (errors.length > 0) {
    verdict.catch(() => {});
    throw new InternalError(`the shader of ${program.kernel} is refused: ${errors.join("; ")}`);
  }
  await connection.settle(verdict);
  return connection.settle(Promise.all(layout.launches.map((launch) => buildPipeline(gpu, module, launch))));
}

async function buildPipeline(gpu: GPUDevice, module: GPUShaderModule, launch: Launch): Promise<Pipeline> {
  const layout = gpu.createBindGroupLayout({
    entries: launch.bindings.map(({ binding, access }) => ({
      binding,
      visibility: SHADER_STAGE_COMPUTE,
      buffer: { type: BUFFER_TYPES[access] },
    })),
  });
  const pipeline = await gpu.createComputePipelineAsync({
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: launch.entry },
  });
  return { launch, pipeline, layout };
}

/** The uniform has a word for each dim and each tensor that is kept between launches. */
function checkUniform(layout: WgslLayout, program: MachineProgram, limits: GPUSupportedLimits): void {
  const most = limits.maxUniformBufferBindingSize;
  const bytes = uniformBytes(layout);
  if (bytes <= most) return;
  const kept = layout.words - layout.dims.length;
  refuse(
    "E6307",
    `${program.kernel} keeps ${kept} tensors between its equations; to say where takes ${bytes} bytes, and this GPU binds at most ${most} (maxUniformBufferBindingSize)`,
    { help: ["call it in parts, or use the target wasm"] },
  );
}

/** Each tensor of a launch is a binding, and scratch is one more. */
function checkBindings(launch: Launch, program: MachineProgram, limits: GPUSupportedLimits): void {
  const most = limits.maxStorageBuffersPerShaderStage;
  const wanted = launch.bindings.filter((b) => b.access !== "uniform").length;
  if (wanted <= most) return;
  refuse(
    "E6307",
    `${program.kernel} has an equation over ${wanted} tensors; this GPU binds ${most} to a launch (maxStorageBuffersPerShaderStage)`,
    { help: ["pack some of its parameters into one tensor, or use the target wasm"] },
  );
}

/**
 * The package in a browser, as dist/ gives it, without a bundler: a page with an import map compiles a kernel in the tab and
 * runs it on every target that the tab has. Chromium does WebGPU on the processor where it brings SwiftShader.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((file) => existsSync(file));

/** Where the packages that a browser loads have their modules. */
const IMPORTS = {
  "@petamoriken/float16": "/node_modules/@petamoriken/float16/src/index.mjs",
  binaryen: "/node_modules/binaryen/index.js",
  chevrotain: "/node_modules/chevrotain/lib/chevrotain.mjs",
  fflate: "/node_modules/fflate/esm/browser.js",
};

const PAGE = `<!doctype html><meta charset="utf-8"><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });
try {
  const { compile, readNpy, targets, Tensor, writeNpy } = await import("/dist/runtime/index.js");
  const source = \`import { relu } from "std/nn"; import { before } from "./before.ein";
    kernel f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum[j](exp(before(relu(X[i, j])))); }\`;
  const imports = { "./before.ein": "export fn before(x: f32) -> f32 = x - 1.0;" };
  const X = readNpy(writeNpy(Tensor.iota([3, 2])), "x.npy");
  const results = {};
  const missing = {};
  for (const { name, here } of await targets()) {
    if (!here.available) { missing[name] = here.reason; continue; }
    const { f } = await compile(source, { target: name, imports });
    results[name] = Array.from(await f({ X }).Y.read());
  }
  await tell({ results, missing });
} catch (error) {
  await tell({ error: String(error && error.stack) });
}
</script>`;

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

let scratch: string;
let server: Server;
let told: Promise<{ results?: Record<string, number[]>; missing?: Record<string, string>; error?: string }>;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "einkorn-browser-"));
  const built = spawnSync(
    join(root, "node_modules", ".bin", "tsc"),
    ["-p", "tsconfig.build.json", "--outDir", join(scratch, "dist"), "--declaration", "false"],
    { cwd: root, encoding: "utf8" },
  );
  if (built.status !== 0) throw new Error(built.stdout);
  cpSync(join(root, "std"), join(scratch, "dist", "std"), { recursive: true });
  let tell: (value: string) => void;
  told = new Promise<string>((resolve) => (tell = resolve)).then((text) => JSON.parse(text));
  server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://here").pathname));
    if (request.method === "POST") {
      let text = "";
      request.on("data", (part) => (text += String(part))).on("end", () => (tell(text), response.end()));
      return;
    }
    const file = path.startsWith("/dist/") ? join(scratch, path) : join(root, path);
    const known = path === "/" || path.startsWith("/dist/") || path.startsWith("/node_modules/");
    if (!known || (path !== "/" && !existsSync(file))) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("content-type", path === "/" ? "text/html" : (TYPES[extname(file)] ?? "text/plain"));
    response.end(path === "/" ? PAGE : readFileSync(file));
  });
});

afterAll(() => {
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

test("a tab compiles and runs a kernel on its targets", { timeout: 120_000 }, async (context) => {
  const program = chromium ?? context.skip("no Chromium on the path: ./setup.sh --full installs it");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    `--user-data-dir=${join(scratch, "profile")}`,
  ];
  const browser = spawn(program, [...flags, `http://127.0.0.1:${address.port}/`], { stdio: "ignore" });
  try {
    const {
      results = {},
      missing = {},
      error,
    } = await Promise.race([
      told,
      once(browser, "exit").then(([code]) => Promise.reject(new Error(`the browser ended with ${code}`))),
    ]);
    expect(error).toBeUndefined();
    const wanted = [1, Math.E ** 2, Math.E ** 4].map((y, i) => y + Math.E ** (2 * i - 1));
    expect(Object.keys({ ...results, ...missing }).toSorted()).toEqual(["interp", "wasm", "wgsl"]);
    expect(Object.keys(missing).filter((name) => name !== "wgsl")).toEqual([]);
    for (const [name, values] of Object.entries(results)) {
      for (const [i, y] of wanted.entries()) expect(values[i], name).toBeCloseTo(y, 3);
    }
    if ("wgsl" in missing) console.log(`the browser runs no wgsl: ${missing["wgsl"]}`);
  } finally {
    browser.kill("SIGKILL");
    await once(browser, "exit");
  }
});

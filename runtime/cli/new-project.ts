/**
 * The files of `einkorn new`: one kernel with its test and its schedule, and what checks them on every change. The workflow
 * installs without a lock file, which a new project has not got; docs/ci.md shows what to add later.
 */

/** By path in the project; `version` is that of Einkorn. */
export function projectFiles(name: string, version: string): ReadonlyMap<string, string> {
  return new Map([
    ["package.json", packageText(name, version)],
    ["README.md", readme(name, version)],
    [".gitignore", "node_modules/\nout/\neinkorn.xml\n"],
    ["kernels/neighbours.ein", KERNEL],
    [".github/workflows/kernels.yml", WORKFLOW],
  ]);
}

const KERNEL = `// The mean of three neighbours; beyond the ends stands the last value.
export kernel neighbours(X: f32[N]) -> Y: f32[N] {
  Y[i] = (X[i - 1] pad edge + X[i] + X[i + 1] pad edge) / 3.0;
}

// On every target that is here, at sizes from 0 on, compared with what the equations say.
test neighbours for all N in 0..67 within 2 ulp;

// How it runs on one target; never what it computes. This version of Einkorn checks a schedule and
// runs its own choice instead, which it says with the warning W3001: nothing is wrong here.
schedule neighbours for wasm when N >= 16 {
  vectorize Y.i;
}
`;

function packageText(name: string, version: string): string {
  const scripts = {
    check: "einkorn check kernels/*.ein",
    test: "einkorn test kernels/*.ein",
    format: "einkorn fmt kernels/*.ein",
    build: "einkorn build kernels/neighbours.ein --target wasm -o out",
  };
  const content = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=22" },
    scripts,
    devDependencies: { einkorn: `^${version}` },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function readme(name: string, version: string): string {
  return `# ${name}

Kernels in Einkorn: equations over tensors, proved in bounds and compiled. It needs Node 22 or newer.

\`\`\`sh
npm install --save-dev ./einkorn-${version}.tgz
npx einkorn check kernels/*.ein    # types, and that no read leaves its tensor, for all sizes
npx einkorn test kernels/*.ein     # the generated code computes what the equations say
npx einkorn run kernels/neighbours.ein --in X=iota --dim N=8
npx einkorn explain kernels/neighbours.ein
npx einkorn build kernels/neighbours.ein --target wasm -o out
\`\`\`

The \`.tgz\` is the file that \`npm pack\` makes in a checkout of Einkorn. Copy it into this folder and commit it: a build
server sees what lies in the repository and nothing beside it. Where the package is in your registry, \`npm install\` alone
will do.

The warning W3001 says that this version checks the schedule in \`kernels/neighbours.ein\` and does not follow it yet.

\`.github/workflows/kernels.yml\` does the checks on every push. When there is a \`package-lock.json\`, commit it and write
\`npm ci\` there.
`;
}

const WORKFLOW = `name: kernels
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  kernels:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - run: npm install
      - run: npx einkorn fmt --check kernels/*.ein
      - run: npx einkorn check kernels/*.ein
      - run: npx einkorn test kernels/*.ein --target wasm,hls --junit einkorn.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: einkorn
          path: einkorn.xml
`;

/** `einkorn new NAME`: a small project in a new folder, all of it or nothing. */
import { basename } from "node:path";
import { writeFolder } from "../node/files.ts";
import { quoted, refuse } from "../refuse.ts";
import { version } from "../version.ts";
import { projectFiles } from "./new-project.ts";
import type { Outcome } from "./report.ts";

export type NewProject = { readonly folder: string; readonly files: readonly string[] };

/** What npm takes as a name, every file system as a folder, and no shell as an option. */
const NAME = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;
const LONGEST = 64;
/** Names of devices on Windows, of npm's own folder, and of the package that the project depends on. */
const TAKEN = /^(?:con|prn|aux|nul|com\d|lpt\d|node_modules|einkorn)$/;

export async function newProject(path: string): Promise<Outcome<NewProject>> {
  const name = basename(path);
  refuseBadName(name);
  const files = projectFiles(name, version);
  await writeFolder(path, files);
  const paths = [...files.keys()];
  const next = [
    `next: copy the file that \`npm pack\` makes in a checkout of Einkorn to ${path}, then`,
    `  cd ${path} && npm install --save-dev ./einkorn-${version}.tgz && npx einkorn test kernels/*.ein`,
    "where your registry has the package, `npm install` alone will do",
  ];
  return {
    diagnostics: [],
    text: paths.map((p) => `${path}/${p}`),
    notes: next,
    result: { folder: path, files: paths },
  };
}

function refuseBadName(name: string): void {
  if (TAKEN.test(name))
    refuse("E6402", `a project cannot be called ${quoted(name)}`, { help: ["choose another name"] });
  if (NAME.test(name) && name.length <= LONGEST) return;
  const near = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[-0-9]+|-+$/g, "")
    .slice(0, LONGEST);
  const rule = "a name is made of small letters, digits, - and _, and starts with a letter";
  const help = NAME.test(near) && !TAKEN.test(near) ? [`write einkorn new ${near}`] : [];
  refuse("E6402", `${quoted(name)} is not the name of a project`, { notes: [rule], help });
}

/**
 * The rules of the house, each a function from source files to the places that break it. They are pure, so that
 * test/house.test.ts can show on small made-up files that every one of them can fail. A violation says how to mend it.
 */
import { isBuiltin } from "node:module";
import { DOORLESS_ROOMS, DOORS, FLOORS, LONG_FILE, NODE_ROOMS, WORLDLY_GLOBALS } from "./layout.ts";
import type { SourceFile } from "./source-tree.ts";

/** `path:line what is wrong; how to mend it`. */
export type Violation = string;

type Rule = (files: readonly SourceFile[]) => readonly Violation[];

/** The room of a file and its floor, counted from 0; null for a place that the layout does not know. */
function roomOf(path: string): { readonly room: string; readonly floor: number } | null {
  let best: { readonly room: string; readonly floor: number } | null = null;
  for (const [floor, rooms] of FLOORS.entries()) {
    for (const pattern of rooms) {
      const room = matchRoom(pattern, path);
      // The longest wins: runtime/cli is no part of the room runtime.
      if (room !== null && (best === null || room.length > best.room.length)) best = { room, floor };
    }
  }
  return best;
}

function matchRoom(pattern: string, path: string): string | null {
  if (pattern.endsWith("/*")) {
    const parent = pattern.slice(0, -1);
    const folder = path.startsWith(parent) ? path.slice(parent.length).split("/") : [];
    return folder.length > 1 ? `${parent}${folder[0]}` : null;
  }
  return path === pattern || path.startsWith(`${pattern}/`) ? pattern : null;
}

/** Imports go down; rooms on one floor do not know each other. */
export const keepsToItsFloor: Rule = (files) =>
  files.flatMap((file) => {
    if (file.path.startsWith("bin/")) {
      return file.imports
        .filter((to) => to.target !== null)
        .map(
          (to) => `${file.path}:${to.line} imports ${to.specifier}; bin/ stands alone and finds its entry at run time`,
        );
    }
    const from = roomOf(file.path);
    if (from === null)
      return [`${file.path}:1 lies in no room; move it, or add its folder to FLOORS in test/house/layout.ts`];
    return file.imports.flatMap(({ target, line }) => {
      const to = target === null ? null : roomOf(target);
      if (target === null || (to !== null && (to.room === from.room || to.floor < from.floor))) return [];
      if (to === null) return [`${file.path}:${line} imports ${target}, which lies in no room of test/house/layout.ts`];
      const where = to.floor === from.floor ? "a sibling, and siblings never meet" : "a higher floor";
      return [
        `${file.path}:${line} imports ${target}, ${where} (${from.room} → ${to.room}); move what both need to a lower floor, or hand it in as an argument`,
      ];
    });
  });

/** No file reaches itself through imports, type-only ones included. */
export const hasNoCycles: Rule = (files) => {
  const targets = new Map(files.map((file) => [file.path, file.imports.flatMap((to) => to.target ?? [])]));
  const finished = new Set<string>();
  const violations: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = [...trail.slice(start), path].join(" → ");
      violations.push(`${path}:1 imports itself: ${circle}; move what they share into a file of its own`);
    } else if (!finished.has(path)) {
      for (const next of targets.get(path) ?? []) visit(next, [...trail, path]);
      finished.add(path);
    }
  };
  for (const { path } of files) visit(path, []);
  return violations;
};

/** Node's own modules only where the program touches the machine. */
export const keepsNodeOut: Rule = (files) =>
  files
    .filter((file) => !NODE_ROOMS.some((room) => file.path.startsWith(room)))
    .flatMap((file) =>
      file.imports
        .filter((to) => isBuiltin(to.specifier))
        .map(
          (to) =>
            `${file.path}:${to.line} imports ${to.specifier}; only ${NODE_ROOMS.join(" ")} may: take what it reads as an argument`,
        ),
    );

/** What a browser loads with the public face of the package needs nothing of Node. */
export function runsInABrowser(files: readonly SourceFile[], entry: string): readonly Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const violations: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const file = byPath.get(path);
    byPath.delete(path);
    for (const to of file?.imports ?? []) {
      const here = [...trail, path];
      if (to.when !== "load") continue;
      if (to.target !== null) visit(to.target, here);
      else if (isBuiltin(to.specifier)) {
        violations.push(
          `${path}:${to.line} imports ${to.specifier}, and a browser loads it (${here.join(" → ")}); reach it by import() where Node is known, or give package.json's "node" condition a face of its own`,
        );
      }
    }
  };
  visit(entry, []);
  return violations;
}

/** Each third-party package comes in through one door. */
export const keepsToTheDoors: Rule = (files) =>
  files
    .filter((file) => !DOORLESS_ROOMS.includes(roomOf(file.path)?.room ?? ""))
    .flatMap((file) =>
      file.imports
        .filter((to) => to.target === null && !isBuiltin(to.specifier))
        .flatMap((to) => {
          const doors = DOORS[packageOf(to.specifier)] ?? [];
          if (doors.some((door) => file.path.startsWith(door))) return [];
          const remedy =
            doors.length > 0
              ? `its door is ${doors.join(", ")}: use what that folder exports`
              : "it has no door: add one to DOORS in test/house/layout.ts and its reason to docs/dependencies.md";
          return [`${file.path}:${to.line} imports the package ${to.specifier}; ${remedy}`];
        }),
    );

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The compiler and the printers use nothing of the world outside, and nothing evaluates text. */
export const staysPure: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith("compiler/") || path.startsWith("targets/"))
    .flatMap((file) =>
      file.undeclared
        .filter((word) => WORLDLY_GLOBALS.has(word.text))
        .map(
          (word) =>
            `${file.path}:${word.line} uses the global ${word.text}; the compiler runs in a browser tab and in Node alike: return a value, and let runtime/ act on it`,
        ),
    );

/** The interpreters check each other, so none may stand on another, not even through a third file. */
export const interpretersStandAlone: Rule = (files) => {
  const targets = new Map(files.map((file) => [file.path, file.imports.flatMap((to) => to.target ?? [])]));
  return files
    .filter((file) => isInterpreter(file.path))
    .flatMap((file) => {
      const reached = new Set<string>();
      const visit = (path: string): void => {
        for (const next of targets.get(path) ?? []) if (!reached.has(next)) visit((reached.add(next), next));
      };
      visit(file.path);
      return [...reached]
        .filter((path) => path !== file.path && isInterpreter(path))
        .map(
          (path) => `${file.path}:1 reaches ${path}; interpreters check each other: share only tables and arithmetic`,
        );
    });
};

function isInterpreter(path: string): boolean {
  return /^compiler\/ir\/interpret-[^/]*\.ts$/.test(path);
}

/** Names in kebab-case, no default exports, a header on every file, and a reason in the header of a long one. */
export const isEasyToRead: Rule = (files) =>
  files.flatMap((file) => {
    const violations: Violation[] = [];
    if (!/^([a-z0-9-]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.bench|\.d)?\.(ts|mjs)$/.test(file.path)) {
      violations.push(`${file.path}:1 is not in kebab-case; name it after what it exports`);
    }
    if (file.exportsDefault) violations.push(`${file.path}:1 has a default export; export it by name`);
    if (file.header.replaceAll(/[\s*/]/g, "").length < 20) {
      violations.push(
        `${file.path}:1 has no header; open it with a comment that says what the file is for and its idea`,
      );
    }
    if (file.lineCount > LONG_FILE && !/\blong because\b/i.test(file.header)) {
      violations.push(
        `${file.path}:1 has ${file.lineCount} lines; split it where it has two ideas, or say "Long because …" in its header`,
      );
    }
    return violations;
  });

/**
 * What a command says: diagnostics as text with their place, or one JSON document with `--json`. Results go to standard
 * output, diagnostics and progress to standard error, so that either can be piped.
 */
import pc from "picocolors";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import type { Paint, PaintRole } from "../../compiler/support/render-diagnostic.ts";
import { renderDiagnostic } from "../../compiler/support/render-diagnostic.ts";
import { positionOf } from "../../compiler/support/source.ts";
import type { ExitCode } from "./exit-codes.ts";
import { exitCodeOfAll } from "./exit-codes.ts";

type Colors = ReturnType<typeof pc.createColors>;

/** What every command returns: `text` for people, `result` for `--json`. */
export type Outcome = {
  readonly diagnostics: readonly Diagnostic[];
  /** Lines for standard output. */
  readonly text: readonly string[];
  readonly result: unknown;
  /** Where the diagnostics alone do not say it. */
  readonly exit?: ExitCode;
};

export function outcomeExit(o: Outcome): ExitCode {
  const own = o.exit ?? 0;
  const theirs = exitCodeOfAll(o.diagnostics);
  return theirs > own ? theirs : own;
}

/** Prints an outcome and returns the exit code. */
export function report(command: string, o: Outcome, json: boolean): ExitCode {
  const exit = outcomeExit(o);
  if (json) {
    const diagnostics = o.diagnostics.map(jsonDiagnostic);
    process.stdout.write(
      `${JSON.stringify({ schema: 1, command, ok: exit === 0, diagnostics, result: o.result }, jsonValue, 2)}\n`,
    );
    return exit;
  }
  const color = pc.createColors(process.stderr.isTTY === true && pc.isColorSupported);
  for (const d of o.diagnostics) process.stderr.write(`${renderDiagnostic(d, painter(color))}\n\n`);
  if (o.text.length > 0) process.stdout.write(`${o.text.join("\n")}\n`);
  return exit;
}

/** Maps and big integers have no JSON of their own. */
function jsonValue(_key: string, v: unknown): unknown {
  if (typeof v === "bigint") return Number.isSafeInteger(Number(v)) ? Number(v) : String(v);
  return v instanceof Map ? Object.fromEntries(v) : v;
}

function painter(color: Colors): Paint {
  const roles: Readonly<Record<PaintRole, (text: string) => string>> = {
    error: (t) => color.bold(color.red(t)),
    warning: (t) => color.bold(color.yellow(t)),
    message: color.bold,
    gutter: color.blue,
    related: color.blue,
    help: color.green,
  };
  return (role, text) => roles[role](text);
}

/** The form of a diagnostic in `--json`; lines and columns from 1. */
export function jsonDiagnostic(d: Diagnostic): unknown {
  const place = (span: Diagnostic["span"]) =>
    span === null
      ? { file: null, start: null, end: null }
      : {
          file: span.source.name,
          start: positionOf(span.source, span.start),
          end: positionOf(span.source, span.end),
        };
  return {
    code: d.code,
    severity: d.severity,
    message: d.message,
    ...place(d.span),
    label: d.label ?? null,
    related: d.related.map((r) => ({ message: r.message, ...place(r.span) })),
    notes: d.notes,
    help: d.help,
  };
}

/** A table with aligned columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((r) => (r[c] ?? "").length)));
  return rows.map((r) =>
    r
      .map((cell, c) => (c === r.length - 1 ? cell : cell.padEnd(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

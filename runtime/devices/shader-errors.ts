/** What a shader's compiler found wrong, with the line it means. */

/** One sentence per error: `error 12:5: unresolved value 'k', in: let r1 = k;`. Warnings are left out. */
export function shaderErrors(info: GPUCompilationInfo, code: string): readonly string[] {
  const lines = code.split("\n");
  return info.messages
    .filter((m) => m.type === "error")
    .map((m) => {
      const line = lines[m.lineNum - 1]?.trim() ?? "";
      return `${m.type} ${m.lineNum}:${m.linePos}: ${m.message}${line === "" ? "" : `, in: ${line}`}`;
    });
}

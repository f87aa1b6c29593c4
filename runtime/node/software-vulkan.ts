/**
 * Lets Dawn find a Vulkan driver on Linux. Where the machine has none, it is pointed to SwiftShader, which computes on the
 * processor and comes inside Chromium; the Vulkan loader reads the variable when Dawn first asks for an adapter.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { env, platform } from "node:process";

/** Where the Vulkan loader looks for drivers, and what names them instead. */
const FOLDERS = [
  "/usr/share/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/local/etc/vulkan/icd.d",
];
const VARIABLES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"];
const LIBRARIES = ["/usr/lib", "/usr/lib64"];

/** The driver it chose, or null where there is nothing to choose: another system, a driver already there, or none at all. */
export function useSoftwareVulkan(): string | null {
  if (platform !== "linux" || VARIABLES.some((name) => env[name] !== undefined)) return null;
  if (FOLDERS.some((folder) => entries(folder).some((name) => name.endsWith(".json")))) return null;
  const candidates = LIBRARIES.flatMap((folder) =>
    entries(folder)
      .filter((name) => name.startsWith("chromium"))
      .map((name) => join(folder, name, "vk_swiftshader_icd.json")),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) return null;
  env["VK_ICD_FILENAMES"] = found;
  return found;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

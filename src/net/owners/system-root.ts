/** Windows' own directory, with whose tools is asked; the usual one where the environment is bare. */
export function systemRootOf(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return env.SystemRoot ?? 'C:\\Windows'
}

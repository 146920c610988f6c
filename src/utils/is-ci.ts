/** Whether the process runs in continuous integration: `CI` is set, and not to `false` or `0`. */
export function isCi(env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env.CI?.trim().toLowerCase() ?? ''
  return value !== '' && value !== 'false' && value !== '0'
}

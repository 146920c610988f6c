import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const DEBIAN_CHROMIUM = '/usr/bin/chromium'
/** A download and an unpacking on a slow line, in milliseconds. */
const INSTALL_DEADLINE_MS = 10 * 60_000

/**
 * Path of a Chrome or Chromium: the one named by `PORTS_TEST_BROWSER`, else the first one installed.
 * Root on Debian and its kin gets the `chromium` package when there is none.
 *
 * @throws Error saying what to install.
 */
export function ensureChromium(): string {
  const { env, platform } = process
  const named = env.PORTS_TEST_BROWSER
  if (named && !existsSync(named)) {
    throw new Error(`PORTS_TEST_BROWSER is ${named}, and there is no such file.`)
  }
  const found = named || usualPaths(env, platform).find((file) => existsSync(file))
  if (found) return found
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    aptGet('update')
    aptGet('install', '-y', '--no-install-recommends', 'chromium')
    if (existsSync(DEBIAN_CHROMIUM)) return DEBIAN_CHROMIUM
  }
  throw new Error(
    'The browser tests need Chrome or Chromium, and none was found. Install it ' +
      '(Debian: `apt-get install chromium`; elsewhere: https://www.google.com/chrome), ' +
      'or set PORTS_TEST_BROWSER to its path. ' +
      '`npx vitest run --project node` runs the tests that need none.',
  )
}

function usualPaths(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  switch (platform) {
    case 'darwin':
      return [
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
      ]
    case 'win32':
      return [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].flatMap((dir) =>
        dir ? [join(dir, 'Google', 'Chrome', 'Application', 'chrome.exe')] : [],
      )
    default:
      return [
        DEBIAN_CHROMIUM,
        '/usr/bin/chromium-browser',
        '/usr/bin/google-chrome',
        '/usr/bin/google-chrome-stable',
      ]
  }
}

function aptGet(...args: string[]): void {
  execFileSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_DEADLINE_MS,
  })
}

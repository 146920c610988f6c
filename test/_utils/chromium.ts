import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What finding a browser depends on. */
export interface BrowserPlace {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  exists(file: string): boolean
}

const DEBIAN_CHROMIUM = '/usr/bin/chromium'
/** A download and an unpacking on a slow line, in milliseconds. */
const INSTALL_DEADLINE_MS = 10 * 60_000

const thisMachine: BrowserPlace = {
  env: process.env,
  platform: process.platform,
  exists: existsSync,
}

/**
 * Path of a Chrome or Chromium: the one named by `PORTS_TEST_BROWSER`, else the first one installed.
 *
 * @returns `undefined` when there is none.
 * @throws Error when `PORTS_TEST_BROWSER` names a file that does not exist.
 */
export function findChromium(place: BrowserPlace = thisMachine): string | undefined {
  const named = place.env.PORTS_TEST_BROWSER
  if (!named) return usualPaths(place).find((file) => place.exists(file))
  if (place.exists(named)) return named
  throw new Error(`PORTS_TEST_BROWSER is ${named}, and there is no such file.`)
}

/**
 * Like {@link findChromium}, but installs Debian's package where that is possible.
 *
 * @throws Error saying what to install.
 */
export function ensureChromium(): string {
  const found = findChromium()
  if (found !== undefined) return found
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

function usualPaths({ env, platform }: BrowserPlace): string[] {
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

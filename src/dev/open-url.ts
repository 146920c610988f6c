import { spawn } from 'node:child_process'

/** Programs that open a URL, and what they are given; the variable `BROWSER` names another one. */
export function openerFor(
  url: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): { file: string; args: string[] } {
  if (env.BROWSER) return { file: env.BROWSER, args: [url] }
  if (platform === 'darwin') return { file: 'open', args: [url] }
  // Not `start`, which belongs to the shell: that would read a URL's `&` as the end of a command.
  if (platform === 'win32')
    return { file: 'rundll32.exe', args: ['url.dll,FileProtocolHandler', url] }
  return { file: 'xdg-open', args: [url] }
}

/** Opens `url` in the user's browser; resolves with what went wrong, if anything did. */
export function openUrl(
  url: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const { file, args } = openerFor(url, platform, env)
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', detached: true, env })
    child.once('error', (error) => resolve(`${url} could not be opened: ${error.message}`))
    child.once('spawn', () => {
      child.unref()
      resolve(undefined)
    })
  })
}

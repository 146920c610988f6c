/** What is started, as the operating system takes it. */
export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  /** Windows: `args` are quoted already. */
  readonly verbatim?: boolean
}

/** What a user wants to run. */
export interface Command {
  /** A program; with `shell`, a whole line. */
  readonly command: string
  readonly args?: readonly string[]
  /** Run by `sh -c`, on Windows by `cmd`. Default `false`. */
  readonly shell?: boolean
}

/** What cmd.exe gives a meaning of its own. */
const CMD_SPECIAL = /([()\][%!^"`<>&|;, *?])/g

/**
 * How `command` is started. On Windows everything goes through cmd.exe: `npm`, `npx` and other tools
 * are scripts there, which nothing else can start.
 */
export function commandLine(
  command: Command,
  platform: NodeJS.Platform,
  comspec = 'cmd.exe',
): CommandLine {
  const { command: file, args = [], shell = false } = command
  if (platform !== 'win32') {
    if (!shell) return { file, args }
    // Words besides the line are its `$1`, `$2`, and so on.
    return { file: '/bin/sh', args: ['-c', file, 'sh', ...args] }
  }
  const line = shell
    ? [file, ...args].join(' ')
    : [file.replace(CMD_SPECIAL, '^$1'), ...args.map((arg) => quoteForCmd(arg))].join(' ')
  return { file: comspec, args: ['/d', '/s', '/c', `"${line}"`], verbatim: true }
}

/**
 * An argument as a program behind cmd.exe and a `.cmd` script gets it unchanged: quoted for the
 * program, then escaped twice, as the script's line is read again.
 *
 * @see https://qntm.org/cmd
 */
export function quoteForCmd(argument: string): string {
  const quoted = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
  return quoted.replace(CMD_SPECIAL, '^$1').replace(CMD_SPECIAL, '^$1')
}

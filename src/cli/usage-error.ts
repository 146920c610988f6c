/** The command line can't be understood. The message names the nearest thing that can. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** What `--json` tells of it. */
  readonly code = 'PORTS_USAGE'
  /** Command whose help explains more; undefined for that of `ports` itself. */
  readonly command: string | undefined

  constructor(message: string, command?: string) {
    super(message)
    this.command = command
  }
}

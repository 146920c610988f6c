/** Exit codes of `ports`; `docs/cli.md` has the same table. `ports run` ends with its command's own. */
export const EXIT = {
  /** Done; for a question: yes. */
  ok: 0,
  /** Not done, or the answer is no: a port is busy, nobody is there, a service does not exist. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Not done, because it would touch what belongs to another checkout or nobody agreed. */
  refused: 3,
  /** `ports dev`: everything runs in this checkout already. */
  running: 4,
  /** Not within the time, as with `timeout(1)`. */
  timeout: 124,
  /** Interrupted from the keyboard. */
  interrupted: 130,
} as const

/** One of {@link EXIT}, or the exit code of a command that was run. */
export type ExitCode = number

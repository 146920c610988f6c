/**
 * Keeps Vite's warning that `port` "is in use on a wildcard address" from the user.
 *
 * Vite probes the port before it listens, finds the socket that we hold for it, and warns of
 * ourselves. Warnings about any other port pass.
 */
export function hideWildcardWarning(
  logger: { warn(message: string, ...rest: never[]): void },
  port: number,
): void {
  const { warn } = logger
  logger.warn = (message, ...rest) => {
    if (!message.includes(`Port ${port} is in use on a wildcard address`)) {
      warn.call(logger, message, ...rest)
    }
  }
}

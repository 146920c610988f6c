import { constants } from 'node:fs'

/**
 * Flags with which a file is opened for reading that somebody else may have put there: a symbolic
 * link is not followed, and a pipe is not waited for. Windows has neither flag, and neither pipes nor
 * users' symbolic links among its files.
 */
export const PLAIN_FILE_FLAGS =
  constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)
